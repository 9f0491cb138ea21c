import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeDemoPlaybook } from './demo/cluster.ts';
import { packageRoot } from './package-root.ts';
import { builtInPlaybooks } from './playbook/read/chain.ts';
import { preparedPlaybook } from './playbook/read/known-playbooks.ts';
import { loadPlaybook } from './playbook/read/load.ts';

/** Reads the playbooks that come with the program once and for all: the last part of the build. */
const folder = join(dirname(fileURLToPath(import.meta.url)), 'prepared');

// No await at the top level: the bundle is a function.
void prepareAll();

async function prepareAll(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const name of await builtInPlaybooks()) await prepare(name, packageRoot());
  const demo = mkdtempSync(join(tmpdir(), 'clusterproxy-demo-'));
  try {
    await prepare(await writeDemoPlaybook(demo), demo);
  } finally {
    rmSync(demo, { recursive: true });
  }
}

async function prepare(reference: string, directory: string): Promise<void> {
  const { file } = await loadPlaybook(reference, directory);
  const { name, text } = preparedPlaybook(file);
  writeFileSync(join(folder, name), text);
}
