import { readFile, stat } from 'node:fs/promises';
import { sha256 } from '../model/change.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { HiddenTexts, Transaction } from '../model/transaction.ts';
import { manifest, programsOf, revertLimit, roleWords, timeLimit } from './manifest.ts';
import { sentPrograms } from './own-programs.ts';
import { pinnedScript } from './pinned-script.ts';
import { remoteFile } from './program.ts';
import { recordText } from './record-text.ts';
import { record } from './records.ts';

/** The input of receive.sh: its request, and the files in the order in which the request names them. */
export interface Upload {
  readonly request: string;
  readonly files: readonly Buffer[];
}

/**
 * The programs that stay in the run's folder, so that the host can commit or revert without the controller.
 */
const programs = [
  'library.sh',
  'lib.sh',
  'folders.sh',
  'transaction.sh',
  'changes.sh',
  'browse.sh',
  'start-run.sh',
  'queue-units.sh',
  'queued.sh',
  'queue.sh',
  'people.sh',
  'handlers.sh',
  'begin.sh',
  'boot-unit.sh',
  'others.sh',
  'claims.sh',
  'agreements.sh',
  'places.sh',
  'prepare.sh',
  'challenges.sh',
  'act.sh',
  'packages.sh',
  'upgrade.sh',
  'archives.sh',
  'reboot.sh',
  'activate.sh',
  'still-answers.sh',
  'workers.sh',
  'nginx-workers.sh',
  'haproxy-workers.sh',
  'validate.sh',
  'runner.sh',
  'put-back.sh',
  'bring-back.sh',
  'end-run.sh',
  'settle.sh',
  'settle-entry.sh',
];

export async function upload(transaction: Transaction): Promise<Upload> {
  const named: [string, Buffer][] = [
    ['manifest', Buffer.from(manifest(transaction))],
    ['record.json', Buffer.from(recordText(transaction.record))],
    ['ledger.json', json(transaction.ledger)],
    ['managed-paths', Buffer.from(managedPaths(transaction))],
    ['role', Buffer.from(roleText(transaction))],
  ];
  if (transaction.agreement !== undefined) named.push(['agreement', transaction.agreement]);
  const hide = hidingScript(transaction.hide ?? { texts: [], base64: [] });
  if (hide !== '') named.push(['hide', Buffer.from(hide)]);
  for (const name of programs) named.push([name, Buffer.from(await remoteFile(name))]);
  for (const [index, text] of (await sentPrograms(programsOf(transaction))).entries())
    named.push([`programs/${index + 1}`, text]);
  for (const [index, change] of transaction.changes.entries()) {
    if (change.after.kind === 'file') named.push([`contents/${index + 1}`, change.after.content]);
  }
  for (const [index, { run }] of transaction.actions.entries()) {
    if (run.kind === 'unpack' && run.source.kind === 'upload')
      named.push([`archives/${index + 1}`, await archive(run.source.file, run.sha256)]);
    if (run.kind === 'script') named.push([`scripts/${index + 1}`, await pinnedScript(run.file, run.sha256)]);
  }
  const sums = named.map(([name, content]) => `${sha256(content)}  ${name}\n`).join('');
  named.push(['sums', Buffer.from(sums)]);
  const request = [
    record('run', transaction.run, timeLimit(transaction), revertLimit(transaction)),
    ...named.map(([name, content]) => record('file', name, content.length)),
  ].join('\n');
  return { request, files: named.map(([, content]) => content) };
}

/**
 * A larger archive should be downloaded by the host itself: it is sent in one piece and held in memory on
 * both sides. Bytes.
 */
const largestArchive = 256 * 1024 * 1024;

/** An archive on this machine. Throws an OperatorError `archive-unreadable`, `archive-differs`. */
async function archive(file: string, sum: string): Promise<Buffer> {
  const unreadable = (message: string, next: string) =>
    new OperatorError({ code: 'archive-unreadable', message: `the archive ${file} ${message}`, next });
  const size = await stat(file).then(
    (found) => found.size,
    (error: unknown) => {
      const words = error instanceof Error ? error.message : String(error);
      throw unreadable(`can't be read: ${words}`, 'check its path, which is relative to the playbook');
    },
  );
  if (size > largestArchive) {
    throw unreadable(
      `is larger than ${largestArchive / 1024 / 1024} MiB`,
      'let the host download it from its url',
    );
  }
  const content = await readFile(file);
  if (sha256(content) === sum) return content;
  throw new OperatorError({
    code: 'archive-differs',
    message: `the archive ${file} has the sha256 ${sha256(content)}, but ${sum} is expected`,
    next: 'use the intended file, or correct the checksum',
  });
}

/**
 * For other clusters on the host: its role in this cluster, followed by the units that it needs for it. A
 * line `+` means: in addition to those already recorded.
 */
function roleText(transaction: Transaction): string {
  const { changes, handlers, record: who } = transaction;
  const more = who.undoes === undefined && changes.length + handlers.length > 0 ? [] : ['+'];
  return [roleWords(transaction).join(' '), ...transaction.units, ...more]
    .map((line) => `${line}\n`)
    .join('');
}

/** Every probe looks at these, so that paths which the playbook no longer mentions are still seen. */
function managedPaths(transaction: Transaction): string {
  const { items, created } = transaction.ledger;
  const paths = new Set([...items.map((item) => item.path), ...created]);
  return [...paths].map((path) => `${record(path)}\n`).join('');
}

/**
 * A script for sed(1) that hides these texts, the longest first. It works on bytes, since LC_ALL is C there.
 * Texts of fewer than four characters are hidden only as whole words.
 */
export function hidingScript({ texts, base64 }: HiddenTexts): string {
  const literal = (text: string) => text.replace(/[[\].*^$\\/]/g, '\\$&');
  const patterns = [...new Set(texts)]
    .filter((text) => text !== '' && !/[\0\n]/.test(text))
    .sort((one, other) => other.length - one.length)
    .map((text) => (text.length < 4 ? `\\<${literal(text)}\\>` : literal(text)));
  const around = '[A-Za-z0-9+/_=-]\\{0,4\\}'.replace('/', '\\/');
  const encoded = [...new Set(base64)].map((part) => `${around}${literal(part)}${around}`);
  return [...patterns, ...encoded].map((pattern) => `s/${pattern}/********/g\n`).join('');
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, undefined, 1)}\n`);
}
