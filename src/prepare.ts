import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from './package-root.ts';
import { builtInPlaybooks } from './playbook/read/chain.ts';
import { preparedText } from './playbook/read/known-playbooks.ts';
import { loadPlaybook } from './playbook/read/load.ts';

/** Reads the playbooks that come with the program once and for all: the last part of the build. */
const folder = join(dirname(fileURLToPath(import.meta.url)), 'prepared');
mkdirSync(folder, { recursive: true });
for (const name of await builtInPlaybooks()) {
  const { file } = await loadPlaybook(name, packageRoot());
  writeFileSync(join(folder, `${name}.json`), preparedText(file));
}
