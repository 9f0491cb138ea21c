import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { reasonOf } from '../../document/reason.ts';
import type { Places } from '../../document/yaml-document.ts';
import {
  type Location,
  OperatorError,
  OperatorErrors,
  type Problem,
  problemsOf,
} from '../../model/operator-error.ts';
import type { PlaybookGuard } from '../../model/playbook.ts';
import { besidePlaybook } from './beside.ts';
import type { PlaybookData } from './schema.ts';

export type GuardProgram = NonNullable<PlaybookGuard['program']>;

/** Every look at a host takes it there. Bytes. */
const maximumSize = 64 * 1024;

/** Whose program it is: two files of one playbook may lie in different folders. */
export function programKey(role: string, guard: string): string {
  return `${role} ${guard}`;
}

/** The same for a symptom. */
export function symptomKey(role: string, symptom: string): string {
  return `${role} symptom ${symptom}`;
}

/**
 * The programs that guards and symptoms name, by `programKey` and `symptomKey`; they lie beside the file that
 * names them, or below. Throws OperatorErrors `invalid-program`, each shown where the program is named.
 */
export async function readPrograms(
  document: Places,
  data: PlaybookData,
): Promise<ReadonlyMap<string, GuardProgram>> {
  const programs = new Map<string, GuardProgram>();
  const problems: Problem[] = [];
  const read = async (key: string, program: unknown, location: Location) => {
    if (typeof program !== 'string') return;
    try {
      programs.set(key, await readProgram(location.file, program));
    } catch (error) {
      problems.push(...problemsOf(error).map((problem) => ({ ...problem, location })));
    }
  };
  for (const [role, { guards = {}, symptoms = {} }] of Object.entries(data.roles)) {
    for (const [id, { program }] of Object.entries(guards))
      await read(programKey(role, id), program, document.location(['roles', role, 'guards', id, 'program']));
    for (const [id, { program }] of Object.entries(symptoms))
      await read(
        symptomKey(role, id),
        program,
        document.location(['roles', role, 'symptoms', id, 'program']),
      );
  }
  if (problems.length > 0) throw new OperatorErrors(problems);
  return programs;
}

async function readProgram(playbook: string, name: string): Promise<GuardProgram> {
  const invalid = (message: string, next: string) =>
    new OperatorError({ code: 'invalid-program', message: `the program ${name} ${message}`, next });
  const file = await besidePlaybook(playbook, name);
  if (file === undefined) {
    throw invalid("lies outside the playbook's directory", 'put it beside the playbook');
  }
  const unreadable = (error: Error) =>
    invalid(`can't be read: ${reasonOf(error)}`, 'check its path, which is relative to the playbook');
  const found = await stat(file).catch((error: Error) => Promise.reject(unreadable(error)));
  if (!found.isFile()) throw invalid('is no regular file', 'name a file with a program in sh');
  if (found.size > maximumSize) {
    throw invalid(
      `has ${found.size} bytes; expected at most ${maximumSize}`,
      'check that it is the right file: every look at a host takes it there',
    );
  }
  const content = await readFile(file).catch((error: Error) => Promise.reject(unreadable(error)));
  if (content.includes(0) || !isUtf8(content))
    throw invalid('is no text', 'name a file with a program in sh');
  const text = content.toString('utf8');
  // To sh it's part of a line's last word: a comparison of numbers fails, and finds that nobody is there.
  if (text.includes('\r') || text.startsWith('\ufeff')) {
    throw invalid(
      'has line ends (CR LF) or a byte-order mark that sh does not understand',
      'save it with LF at the end of each line, and without a byte-order mark',
    );
  }
  if (text.trim() === '') throw invalid('is empty', 'let it ask whether somebody is there');
  return { file, text };
}
