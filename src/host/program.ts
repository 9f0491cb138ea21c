import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';

/**
 * The programs in `remote/`; each is sent with library.sh and lib.sh in front, and the probe with its parts
 * as well. A forecast goes on as the probe.
 */
export type ProgramName =
  | 'probe'
  | 'receive'
  | 'follow'
  | 'runs'
  | 'confirm'
  | 'unlock'
  | 'withdraw'
  | 'forget'
  | 'hold'
  | 'lease'
  | 'agreement'
  | 'meeting'
  | 'forecast'
  | 'cordon'
  | 'turn'
  | 'give-back';

/**
 * The same for every host and program: it skips stdin up to the header line, reads the program and its
 * request by their lengths, and leaves the rest of stdin to the program. `sh -s` would not work: dash reads
 * ahead and loses data, and bash runs data as commands. dd is the only reader, in coreutils as well as in
 * busybox, that takes a length and never reads more. It is a single line without single quotes, since it has
 * to pass through any login shell.
 */
export const bootstrap = [
  "exec sh -c '",
  'while IFS= read -r l; do case $l in "clusterproxy "*) break;; esac; done; set -- $l; nonce=$2; ',
  'p=$(dd bs=$3 count=1 iflag=fullblock 2>/dev/null); ',
  'request=$(dd bs=$4 count=1 iflag=fullblock 2>/dev/null); ',
  'eval "$p"',
  "'",
].join('');

/** The stdin of the bootstrap. */
export function framed(program: string, request: string, nonce: string): Buffer {
  const code = Buffer.from(program);
  const records = Buffer.from(`${request}\n`);
  const header = `clusterproxy ${nonce} ${code.length} ${records.length}\n`;
  return Buffer.concat([Buffer.from(header), code, records]);
}

/** New for each exec; marks the output of the program itself. 32 hexadecimal digits. */
export function newNonce(): string {
  return randomBytes(16).toString('hex');
}

/** Those that ask who wants a host left alone. */
const askingForClaims: readonly ProgramName[] = [
  ...(['probe', 'forecast', 'runs', 'forget', 'unlock', 'hold', 'lease', 'agreement'] as const),
];

/** Those that tell of runs that wait until nobody is there. */
const tellingOfQueues: readonly ProgramName[] = ['probe', 'forecast', 'runs'];

export async function program(name: ProgramName): Promise<string> {
  const parts = [
    'library',
    'lib',
    ...(askingForClaims.includes(name) ? ['claims'] : []),
    ...(name === 'lease' || name === 'agreement' ? ['agreements'] : []),
    ...(name === 'forecast' ? ['forecast-apt', 'forecast'] : []),
    ...(tellingOfQueues.includes(name) ? ['queue-facts'] : []),
    ...(name === 'probe' || name === 'forecast'
      ? [
          'people',
          'folders',
          'browse',
          'challenges',
          'probe-queries',
          'probe-paths',
          'probe-facts',
          'probe-files',
          'probe-authors',
          'trace-words',
          'trace-packages',
          'trace-lines',
          'trace-authors',
        ]
      : []),
    ...(name === 'cordon' || name === 'give-back' ? ['cordons'] : []),
    ...(name === 'receive' ? ['start-run'] : []),
    ...(name === 'receive' || name === 'forget' ? ['queue-units'] : []),
    name === 'forecast' ? 'probe' : name,
    ...(name === 'receive' ? ['follow'] : []),
  ];
  return joined(parts);
}

/** The program of a query that tells who renews certificates on a host. */
export function renewalsProgram(): Promise<string> {
  return joined(['certificate-words', 'renewals', 'renewals-runs', 'renewals-kept']);
}

/** The program of a query that tells what is around the product on a host. */
export function surroundingsProgram(): Promise<string> {
  return joined(['certificate-words', 'surroundings']);
}

async function joined(parts: readonly string[]): Promise<string> {
  return (await Promise.all(parts.map((part) => remoteFile(`${part}.sh`)))).join('');
}

const files = new Map<string, Promise<string>>();

/** The text of a file in `remote/`, read once. */
export function remoteFile(name: string): Promise<string> {
  let text = files.get(name);
  if (text === undefined) {
    text = readFile(join(packageRoot(), 'src/host/remote', name), 'utf8');
    files.set(name, text);
  }
  return text;
}
