// Bundles the program into dist/, so that start-up reads a few files instead of a thousand.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { bundling } from './bundling.mjs';
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
const { metafile } = await build({
  entryPoints: { ...programs, ...Object.fromEntries(further.map((one) => one.split('='))) },
  outdir,
  ...bundling,
  metafile: true,
  logLevel: 'warning',
});

const beside = {
  'third-party-licences.txt': licencesOf(Object.keys(metafile.inputs)),
  'links.json': asText(linksBelow('playbooks/samples')),
  'made-from.json': asText(madeFrom()),
  'sbom.cdx.json': asText(sbomOf({ metafile, lock: readFileSync('package-lock.json', 'utf8') })),
};
for (const [name, text] of Object.entries(beside)) writeFileSync(join(outdir, name), text);

// Chunks are named by their contents: those of earlier builds would pile up.
const current = new Set([
  ...Object.keys(metafile.outputs).map((path) => basename(path)),
  ...Object.keys(beside),
]);
for (const file of readdirSync(outdir))
  if (!current.has(file)) rmSync(join(outdir, file), { recursive: true });

// Reads the playbooks that come with the program, so that it needn't whenever it starts.
execFileSync(process.execPath, [join(outdir, 'prepare.js')], { stdio: 'inherit' });

// Makes the man page and the completion of shells, for packages and `completion`: man/ and completions/.
execFileSync(process.execPath, [join(outdir, 'pages.js')], { stdio: 'inherit' });

function asText(data) {
  return `${JSON.stringify(data, null, 2)}\n`;
}
