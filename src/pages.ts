import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { completionFiles } from './cli/completion/script.ts';
import { manPage } from './cli/man/man-page.ts';
import { describedProgram } from './cli/program.ts';
import { packageRoot } from './package-root.ts';
import { packageVersion } from './version.ts';

/** Writes what packages install beside the program: the man page, and what shells need to complete. */
const here = dirname(fileURLToPath(import.meta.url));
const root = packageRoot();

const version = packageVersion();
const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
// The same in every build of a version.
const date = /^## \d\S* - (\d{4}-\d{2}-\d{2})/m.exec(changelog)?.[1] ?? '1970-01-01';
mkdirSync(join(here, 'man'), { recursive: true });
writeFileSync(join(here, 'man/clusterproxy.1'), manPage(describedProgram(), { version, date }));

mkdirSync(join(here, 'completions'), { recursive: true });
for (const [shell, file] of Object.entries(completionFiles))
  copyFileSync(join(root, 'src/cli/completion', `clusterproxy.${shell}`), join(here, 'completions', file));
