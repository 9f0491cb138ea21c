import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
/** Of all builds; each is in a folder that is named after what it was made from. */
const cache = join(root, '.cache/program');
const folder = join(cache, fingerprint());

/** The program as users run it; see buildProgram. */
export const main = join(folder, 'plain/main.js');

/**
 * The same as a package of its own whose playbooks have short time limits, where they are those of
 * BigBlueButton and Averox, and look only for a second whether services stay up: for services of tests, which
 * are up in a second; a real bbb-web gets minutes.
 */
export const hastyMain = join(folder, 'hasty/dist/main.js');

/** Whether beside it lies served.js, the same program for many command lines: see served-program.ts. */
export const isServed = (build: string): boolean => build === main || build === hastyMain;

/** Builds both, once for all tests: whoever comes second finds them. */
export async function buildProgram(): Promise<void> {
  if (existsSync(folder)) return;
  mkdirSync(cache, { recursive: true });
  removeOld();
  const made = mkdtempSync(join(cache, 'new-'));
  const run = (...words: readonly string[]) => promisify(execFile)(process.execPath, words, { cwd: root });
  await run('scripts/build.mjs', join(made, 'plain'), 'served=test/support/served-program.ts');
  layHasty(join(made, 'hasty'), join(made, 'plain'));
  await run(join(made, 'hasty/dist/prepare.js'));
  try {
    renameSync(made, folder);
  } catch (error) {
    // Another worker was faster.
    if (!existsSync(folder)) throw error;
    rmSync(made, { recursive: true, force: true });
  }
}

function layHasty(hasty: string, plain: string): void {
  cpSync(plain, join(hasty, 'dist'), { recursive: true });
  for (const name of ['package.json', 'src', 'docs', 'schema']) {
    symlinkSync(join(root, name), join(hasty, name));
  }
  const playbooks = join(hasty, 'playbooks');
  cpSync(join(root, 'playbooks'), playbooks, { recursive: true });
  for (const name of ['bigbluebutton.yaml', 'averox.yaml']) {
    const text = readFileSync(join(playbooks, name), 'utf8');
    const quick = text.replace(/\btimeout: \d+$/gm, 'timeout: 15').replace(/\bsettle: \d+$/gm, 'settle: 1');
    writeFileSync(join(playbooks, name), quick);
  }
  for (const name of ['wcs.yaml', 'antmedia.yaml']) {
    const text = readFileSync(join(playbooks, name), 'utf8').replace(/^ +settle: \d+\n/gm, '');
    writeFileSync(join(playbooks, name), text.replace(/^( +)(timeout: \d+)$/gm, '$1$2\n$1settle: 1'));
  }
}

/** Of everything that a build reads, but for the libraries. */
function fingerprint(): string {
  // What V8 compiles in advance is for this Node.js alone.
  const hash = createHash('sha256').update(process.version);
  const add = (path: string) => {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  };
  for (const name of ['package.json', 'package-lock.json', 'test/support/served-program.ts']) add(name);
  for (const name of ['src', 'scripts', 'playbooks', 'docs']) {
    const entries = readdirSync(join(root, name), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    for (const path of files.map((file) => join(file.parentPath.slice(root.length), file.name)).sort())
      add(path);
  }
  return hash.digest('hex').slice(0, 16);
}

/** Another test run may still use one of this day. */
function removeOld(): void {
  const yesterday = Date.now() - 24 * 60 * 60 * 1000;
  for (const name of readdirSync(cache)) {
    if (statSync(join(cache, name)).mtimeMs < yesterday)
      rmSync(join(cache, name), { recursive: true, force: true });
  }
}
