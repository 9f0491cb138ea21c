import { dirname } from 'node:path';
import { readSections, type Section } from '../../formats/haproxy.ts';
import type { Reads } from '../../model/reads.ts';
import { heard } from '../../secrets/showable.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { understand } from '../shared/understand.ts';
import { askUnitFiles, unitFiles } from './unit-files.ts';

/**
 * Files that HAProxy may read beside haproxy.cfg: its unit in the Red Hat family has
 * `-f /etc/haproxy/conf.d`, and others have it from their operators.
 */
const folder = '/etc/haproxy/conf.d';
const pattern = `${folder}/*.cfg`;

/** A configuration file that is read as well, and isn't written to. */
export interface OtherFile {
  readonly path: string;
  readonly sections: readonly Section[];
}

/** What a step has to read for `otherFiles` and `judgeFiles`. */
export const otherReads: Pick<Reads, 'paths' | 'queries'> = { paths: [pattern], queries: [askUnitFiles] };

/** The configuration files in conf.d, if HAProxy reads them; also where the host doesn't say it. */
export function otherFiles(host: StepHost): readonly OtherFile[] {
  const read = unitFiles(host);
  return host
    .glob(pattern)
    .filter((path) => host.state(path).kind !== 'directory')
    .filter((path) => read.length === 0 || isRead(path, read))
    .map((path) => {
      const text = host.text(path) ?? '';
      return { path, sections: understand(host, path, text, () => readSections(text)) };
    });
}

/**
 * Refuses a file that HAProxy wouldn't read, in which all that is written would do nothing; and warns of
 * files that it reads and that aren't looked at here.
 */
export function judgeFiles(host: StepHost, main: string): void {
  const read = unitFiles(host);
  if (read.length === 0) return;
  if (!isRead(main, read)) {
    throw host.problem(
      'server-not-reached',
      `HAProxy doesn't read ${main}: haproxy.service has it read ${heard(read.join(', '))}`,
      `let the unit start HAProxy with "-f ${main}" (systemctl cat haproxy.service), restart it, then plan again`,
    );
  }
  const unseen = read.filter((path) => ![main, folder].includes(bare(path)) && dirname(path) !== folder);
  if (unseen.length === 0) return;
  host.warn(
    `haproxy.service has HAProxy read ${heard(unseen.join(', '))} as well, where clusterproxy doesn't look: what listens there on port 443 or 80 would get a part of the connections`,
  );
}

/** By itself, or as one of a folder: of that HAProxy takes what ends with `.cfg`. */
function isRead(path: string, read: readonly string[]): boolean {
  const isOfFolder = path.endsWith('.cfg');
  return read.some((one) => bare(one) === path || (isOfFolder && bare(one) === dirname(path)));
}

function bare(path: string): string {
  return path.replace(/(?<=.)\/+$/, '');
}
