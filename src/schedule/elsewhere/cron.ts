import { offsetMinute } from '../names.ts';
import type { Schedule } from '../units.ts';
import { cronFields, whenWords } from '../when.ts';

/**
 * A line of crontab(5). In one, a percent sign ends the command unless it is escaped. That no two run at once
 * is ensured by the program itself.
 */
export function crontab({ cluster, name, when, program, words }: Schedule): string {
  const command = [...program, ...words].map(shellWord).join(' ').replaceAll('%', '\\%');
  return [
    `# clusterproxy looks at the cluster ${cluster} ${whenWords(when)}. cron mails what differs, was changed or has failed.`,
    `${cronFields(when, offsetMinute(name))} ${command} --quiet`,
    '',
  ].join('\n');
}

/** A word for sh. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
