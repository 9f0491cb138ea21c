import { createReadStream } from 'node:fs';
import type {
  ChosenPackage,
  OfferedPackage,
  PackageFile,
  PackageSurvey,
  UnpackedPackage,
} from '../model/forecast.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { Reads } from '../model/reads.ts';
import { isGlob } from '../model/snapshot.ts';
import type { Connection, ExecResult } from '../ssh/contract.ts';
import { AnswerReader } from './answer-reader.ts';
import { queryFields } from './own-programs.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { fields, printable, record } from './records.ts';
import { type ProbeContext, parseSnapshot } from './snapshot-parser.ts';

/** As for the probe, which answers in the end. Bytes. */
const maximumOutput = 64 * 1024 * 1024;
/** Seconds for one package: its upload over a slow line, and unpacking it while people talk on the host. */
const patience = 3600;

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
  return ask(
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
 * Unpacks a package in a temporary folder of the host, which is gone when this returns, and reads there what
 * `reads` names. Throws an OperatorError.
 */
export async function unpackPackage(
  connection: Connection,
  host: string,
  { file, name }: ChosenPackage,
  reads: UnpackingReads,
): Promise<UnpackedPackage> {
  const request = [
    record('task', 'unpack'),
    record('deb', name, file.file, file.size, file.sha256),
    ...reads.members.map((path) => record('member', path)),
    ...reads.paths.map((path) => record(isGlob(path) ? 'glob' : 'path', path)),
    ...(reads.includes ?? []).map((path) => record('includes', path)),
    ...reads.queries.map((query, index) => record('query', index, ...queryFields(query, []))),
  ].join('\n');
  const data = () => createReadStream(file.path);
  return ask(connection, { host, request, section: 'forecast', data }, (lines, { output, ...clock }) => {
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
  });
}

interface Question {
  readonly host: string;
  readonly request: string;
  /** the first section of the answer */
  readonly section: string;
  /** what follows the request */
  readonly data: () => Iterable<Buffer> | AsyncIterable<Buffer>;
}

/** All that was said, and what is needed to read it. */
interface Answered extends Pick<ProbeContext, 'nonce' | 'clock'> {
  readonly output: Buffer;
}

/** Runs forecast.sh, and makes something of the records in the first section of its answer. */
async function ask<Result>(
  connection: Connection,
  { host, request, section, data }: Question,
  read: (lines: readonly string[][], answered: Answered) => Result,
): Promise<Result> {
  const nonce = newNonce();
  const text = await program('forecast');
  const askedAt = Date.now();
  const result = await connection.exec(bootstrap, followed(framed(text, request, nonce), data), {
    timeout: patience,
    maximumOutput,
  });
  const clock = { askedAt, answeredAt: Date.now() };
  try {
    const reader = new AnswerReader(result.stdout, nonce, section);
    reader.section();
    const lines = reader.lines().map(fields);
    refuseProblem(lines, host);
    return read(lines, { output: result.stdout, nonce, clock });
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw unanswered(host, result, error);
  }
}

async function* followed(
  first: Buffer,
  data: () => Iterable<Buffer> | AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  yield first;
  yield* data();
}

function refuseProblem(lines: readonly string[][], host: string): void {
  const found = lines.find(([kind]) => kind === 'problem');
  if (found === undefined) return;
  const [, code = '', message = '', next = '', detail = ''] = found.map(printable);
  throw new OperatorError({ code, message, next, host, ...(detail === '' ? {} : { detail }) });
}

function unanswered(host: string, { code, stderr }: ExecResult, error: unknown): OperatorError {
  if (code === null) {
    return new OperatorError({
      code: 'connection-lost',
      message: 'the connection was lost while packages were looked at',
      next: 'nothing was changed there; run the command again',
      host,
    });
  }
  const words = [
    error instanceof Error ? error.message : String(error),
    stderr.subarray(0, 2_000).toString(),
  ];
  return new OperatorError({
    code: 'unpack-failed',
    message: "what the host says of the packages can't be parsed",
    next: 'check that it has dpkg-deb, tar, awk, find, sed and flock',
    host,
    detail: printable(words.join('\n').trim()),
  });
}
