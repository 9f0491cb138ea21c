// The licences of the bundled libraries, which must accompany copies of them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `inputs`: the paths in a bundle, as named in esbuild's metafile. Throws if a library has no licence. */
export function licencesOf(inputs) {
  const folders = new Set(
    inputs.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  return [...folders].sort().map(licenceOf).join('\n');
}

function licenceOf(folder) {
  const { name, version, license, repository } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  const file = readdirSync(folder).find((one) => /^(licen[cs]e|copying)/i.test(one));
  const readme = ['README.md', 'readme.md'].map((one) => join(folder, one)).find(existsSync);
  const text =
    file === undefined
      ? readme && inReadme(readFileSync(readme, 'utf8'))
      : readFileSync(join(folder, file), 'utf8');
  if (text === undefined && license === undefined) throw new Error(`${name} names no licence`);
  // Whoever gets the program is told where the source of such a library is (MPL 2.0, 3.2).
  const source = /^MPL/.test(license ?? '') ? `Its source: ${repository.url.replace(/^git\+/, '')}\n\n` : '';
  return `== ${name} ${version} (${license ?? 'see below'})\n\n${source}${(text ?? '').trim()}\n`;
}

/** Some have it only in their README. */
function inReadme(text) {
  return /^#+ *Licen[cs]e[\s\S]*/im.exec(text)?.[0];
}
