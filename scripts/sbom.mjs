// What a bundle consists of, as CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/).
import { readFileSync } from 'node:fs';

/**
 * `metafile`: esbuild's; libraries of which nothing is left in the outputs aren't listed. `lock`: the text of
 * package-lock.json, for their hashes. Nothing in it depends on when or where it was made.
 */
export function sbomOf({ metafile, lock, root = '.' }) {
  const { name, version, license, description } = read(`${root}/package.json`);
  const { packages } = JSON.parse(lock);
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        ...{ type: 'application', 'bom-ref': purl(name, version), name, version, description },
        ...{ licenses: licences(license), purl: purl(name, version) },
      },
    },
    components: foldersIn(metafile).map((folder) => componentOf(`${root}/${folder}`, packages[folder])),
  };
}

/** The same for a single file, which also holds Node.js and what that consists of. */
export function withNode(sbom, { version, parts }) {
  const node = {
    ...{ type: 'framework', 'bom-ref': `pkg:generic/node@${version}`, name: 'node', version },
    ...{ licenses: licences('MIT'), purl: `pkg:generic/node@${version}` },
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    // Their licences are in LICENSE of Node.js.
    components: Object.entries(parts)
      .filter(([name]) => name !== 'node' && name !== 'modules' && name !== 'napi')
      .map(([name, its]) => ({ type: 'library', name, version: its, purl: `pkg:generic/${name}@${its}` })),
  };
  return { ...sbom, components: [...sbom.components, node] };
}

/** Folders of libraries, from the root. */
function foldersIn({ outputs }) {
  const used = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const folders = used.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].sort();
}

function componentOf(folder, locked) {
  const { name, version, license: named, licenses: old } = read(`${folder}/package.json`);
  // As packages named it before 2014.
  const license = named ?? old?.[0]?.type;
  const [, hash] = /^sha512-(\S+)/.exec(locked?.integrity ?? '') ?? [];
  const content = hash && Buffer.from(hash, 'base64').toString('hex');
  return {
    ...{ type: 'library', 'bom-ref': purl(name, version), name, version },
    ...(license === undefined ? {} : { licenses: licences(license) }),
    ...(content === undefined ? {} : { hashes: [{ alg: 'SHA-512', content }] }),
    purl: purl(name, version),
  };
}

/** An identifier of https://spdx.org/licenses/, or several with AND and OR. */
function licences(license) {
  return / (?:AND|OR|WITH) /.test(license) ? [{ expression: license }] : [{ license: { id: license } }];
}

/** https://github.com/package-url/purl-spec */
function purl(name, version) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function read(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
