// Bundles the program into dist/, so that start-up reads a few files instead of a thousand, and has V8
// compile it in advance, for the Node.js that builds it.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { bundling, startersOf } from './bundling.mjs';
import { licencesOf } from './licences.mjs';
import { linksBelow } from './links.mjs';
import { madeFrom } from './made-from.mjs';
import { sbomOf } from './sbom.mjs';

// An alternative folder, which the next build leaves alone, and further programs for it:
// node scripts/build.mjs FOLDER NAME=FILE ...
const [outdir = 'dist', ...further] = process.argv.slice(2);
const programs = {
  main: 'src/main.ts',
  schema: 'src/schema.ts',
  prepare: 'src/prepare.ts',
  pages: 'src/pages.ts',
};
const all = { ...programs, ...Object.fromEntries(further.map((one) => one.split('='))) };
const { metafile, outputFiles } = await build({
  ...bundling(all),
  outfile: join(outdir, 'program.cjs'),
  metafile: true,
  write: false,
  logLevel: 'warning',
});
const [{ contents }] = outputFiles;
// By its contents: what V8 compiles of it is kept by that name (src/start/kept-code.ts).
const program = `program-${createHash('sha256').update(contents).digest('hex').slice(0, 16)}`;
mkdirSync(outdir, { recursive: true });
writeFileSync(join(outdir, `${program}.cjs`), contents);
const { metafile: starters } = await build({
  ...startersOf(all, { program }),
  ...{ outdir, metafile: true, logLevel: 'warning' },
});

const beside = {
  'third-party-licences.txt': licencesOf(Object.keys(metafile.inputs)),
  'links.json': asText(linksBelow('playbooks/samples')),
  'made-from.json': asText(madeFrom()),
  'sbom.cdx.json': asText(sbomOf({ metafile, lock: readFileSync('package-lock.json', 'utf8') })),
};
for (const [name, text] of Object.entries(beside)) writeFileSync(join(outdir, name), text);

// Those of earlier builds would pile up.
const current = new Set([
  `${program}.cjs`,
  ...Object.keys(starters.outputs).map((path) => basename(path)),
  ...Object.keys(beside),
]);
for (const file of readdirSync(outdir))
  if (!current.has(file)) rmSync(join(outdir, file), { recursive: true });

/** What a start keeps for the next one, and nothing else: not in the folder of whoever builds. */
const cache = mkdtempSync(join(tmpdir(), 'clusterproxy-code-'));
try {
  // Reads the playbooks that come with the program, so that it needn't whenever it starts.
  start('prepare.js');
  // Makes the man page and the completion of shells, for packages and `completion`: man/ and completions/.
  start('pages.js');
  rmSync(join(cache, 'clusterproxy'), { recursive: true });
  start('main.js', 'validate', '--inventory', 'inventory.example.yaml', '--quiet');
  const kept = join(cache, 'clusterproxy/code');
  for (const file of readdirSync(kept)) {
    copyFileSync(join(kept, file), join(outdir, file));
    chmodSync(join(outdir, file), 0o644);
  }
} finally {
  rmSync(cache, { recursive: true, force: true });
}

function start(starter, ...words) {
  execFileSync(process.execPath, [join(outdir, starter), ...words], {
    env: { ...process.env, XDG_CACHE_HOME: cache },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function asText(data) {
  return `${JSON.stringify(data, null, 2)}\n`;
}
