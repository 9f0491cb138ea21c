import { readSections, type Section } from '../../formats/haproxy.ts';
import type { Reads } from '../../model/reads.ts';
import { heard } from '../../secrets/showable.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { understand } from '../shared/understand.ts';

/**
 * Files that HAProxy may read beside haproxy.cfg: its unit in the Red Hat family has
 * `-f /etc/haproxy/conf.d`, and others have it from their operators. Of a folder HAProxy takes what ends with
 * `.cfg`.
 */
const folder = '/etc/haproxy/conf.d';
const pattern = `${folder}/*.cfg`;

/** Where the units of Debian and of the Red Hat family get more arguments from. */
const optionFiles = [
  { path: '/etc/default/haproxy', variable: 'EXTRAOPTS' },
  { path: '/etc/sysconfig/haproxy', variable: 'OPTIONS' },
] as const;

/** A configuration file that is read as well, and isn't written to. */
export interface OtherFile {
  readonly path: string;
  readonly sections: readonly Section[];
}

/** What a step has to read for `otherFiles`. */
export const otherPaths: Reads['paths'] = [pattern];

/** What a step has to read for `warnOfOptions`. */
export const optionPaths: Reads['paths'] = optionFiles.map(({ path }) => path);

/** The configuration files in conf.d. */
export function otherFiles(host: StepHost): readonly OtherFile[] {
  return host
    .glob(pattern)
    .filter((path) => host.state(path).kind !== 'directory')
    .map((path) => {
      const text = host.text(path) ?? '';
      return { path, sections: understand(host, path, text, () => readSections(text)) };
    });
}

/** Warns of configuration files that the unit is told of and that aren't looked at here. */
export function warnOfOptions(host: StepHost, main: string): void {
  for (const { path, variable } of optionFiles) {
    if (host.state(path).kind !== 'file') continue;
    const text = host.text(path) ?? '';
    const value = new RegExp(`^[ \\t]*(?:export[ \\t]+)?${variable}=(.*)$`, 'm').exec(text)?.[1] ?? '';
    const files = [...value.matchAll(/(?:^|[\s"'])-f[\s"']*([^\s"']+)/g)].map(([, file = '']) => file);
    const others = files.filter((file) => ![main, folder, `${folder}/`].includes(file));
    if (others.length === 0) continue;
    host.warn(
      `${path}: ${variable} has HAProxy read ${heard(others.join(', '))} as well, where clusterproxy doesn't look: what listens there on port 443 or 80 would get a part of the connections`,
    );
  }
}
