import { createReadStream } from 'node:fs';
import type {
  ChosenPackage,
  FetchedPackage,
  OfferedPackage,
  PackageFile,
  PackageSurvey,
  UnpackedPackage,
} from '../model/forecast.ts';
import type { Reads } from '../model/reads.ts';
import { isGlob } from '../model/snapshot.ts';
import type { Connection } from '../ssh/contract.ts';
import { askForecast } from './forecast-question.ts';
import { queryFields } from './own-programs.ts';
import { printable, record } from './records.ts';
import { parseSnapshot } from './snapshot-parser.ts';

/**
 * What the host's own dpkg-deb says of these files. Only their beginnings are sent. Throws an OperatorError.
 */
export async function surveyPackages(
  connection: Connection,
  host: string,
  files: readonly PackageFile[],
): Promise<PackageSurvey> {
  const request = [
    record('task', 'survey'),
    ...files.map(({ head }, index) => record('head', index, head.length)),
  ].join('\n');
  return askForecast(
    connection,
    { host, request, section: 'survey', data: () => files.map(({ head }) => head) },
    (lines) => {
      const one = (wanted: string) => lines.find(([kind]) => kind === wanted)?.[1];
      return {
        hasDpkg: one('dpkg') === 'yes',
        architecture: one('architecture') || undefined,
        there: new Set(lines.flatMap(([kind, name = '']) => (kind === 'there' ? [name] : []))),
        offered: offeredIn(lines, files),
        unreadable: new Map(
          lines.flatMap(([kind, index, words = '']) =>
            kind === 'unreadable' ? [[files[Number(index)]?.file ?? '', printable(words)] as const] : [],
          ),
        ),
      };
    },
  );
}

function offeredIn(lines: readonly string[][], files: readonly PackageFile[]): readonly OfferedPackage[] {
  const installed = new Map(
    lines.flatMap(([kind, name = '', version = '']) => (kind === 'there' ? [[name, version] as const] : [])),
  );
  return lines.flatMap(
    ([kind, index, name = '', version = '', architecture = '', provides = '', needs = '']) => {
      const file = files[Number(index)];
      if (kind !== 'package' || file === undefined) return [];
      return [
        {
          ...{ file, name, version, architecture },
          provides: names(provides, /,/),
          needs: needs
            .split(',')
            .map((alternatives) => names(alternatives, /\|/))
            .filter((alternatives) => alternatives.length > 0),
          installed: installed.get(name),
        },
      ];
    },
  );
}

/** `a (>= 1), b:any` as names: see deb-control(5). */
function names(text: string, separator: RegExp): readonly string[] {
  return text
    .split(separator)
    .map((one) => one.trim().replace(/[\s(:].*$/s, ''))
    .filter((name) => name !== '');
}

export interface UnpackingReads extends Reads {
  /** further paths of which only who brings them is asked */
  readonly members: readonly string[];
}

/**
 * Sends a package to the host, or has the host fetch it, and unpacks it in a temporary folder there, which is
 * gone when this returns. Reads there what `reads` names. Throws an OperatorError.
 */
export async function unpackPackage(
  connection: Connection,
  host: string,
  chosen: ChosenPackage | FetchedPackage,
  reads: UnpackingReads,
): Promise<UnpackedPackage> {
  const request = [
    record('task', 'unpack'),
    sourceRecord(chosen),
    ...reads.members.map((path) => record('member', path)),
    ...reads.paths.map((path) => record(isGlob(path) ? 'glob' : 'path', path)),
    ...(reads.includes ?? []).map((path) => record('includes', path)),
    ...reads.queries.map((query, index) => record('query', index, ...queryFields(query, []))),
  ].join('\n');
  const data = () => ('file' in chosen ? createReadStream(chosen.file.path) : []);
  return askForecast(
    connection,
    { host, request, section: 'forecast', data },
    (lines, { output, ...clock }) => {
      const told = (wanted: string) =>
        new Set(lines.flatMap(([kind, path = '']) => (kind === wanted ? [path] : [])));
      return {
        files: parseSnapshot(output, { ...clock, host, reads }),
        old: told('old'),
        shared: told('shared'),
        brought: told('brought'),
        own: told('own'),
        conffiles: told('conffile'),
        oldConffiles: lines.flatMap(([kind, path = '', md5 = '', flag = '']) =>
          kind === 'was-conffile'
            ? [{ path, md5: /^[0-9a-f]{32}$/.test(md5) ? md5 : undefined, obsolete: flag === 'obsolete' }]
            : [],
        ),
        diverted: new Map(
          lines.flatMap(([kind, from = '', to = '']) => (kind === 'diverted' ? [[from, to] as const] : [])),
        ),
        overrides: new Map(
          lines.flatMap(([kind, path = '', user = '', group = '', mode = '']) =>
            kind === 'override' ? [[path, { user, group, mode: Number.parseInt(mode, 8) }] as const] : [],
          ),
        ),
        scripts: [...told('script')],
      };
    },
  );
}

function sourceRecord(chosen: ChosenPackage | FetchedPackage): string {
  if (!('file' in chosen))
    return record('fetch', chosen.name, chosen.version, chosen.size, chosen.sha256 ?? '');
  const { file, name } = chosen;
  return record('deb', name, file.file, file.size, file.sha256);
}
