import {
  type Address,
  type Caddyfile,
  importsOf,
  insertImport,
  removeImport,
  type Site,
} from '../../formats/caddyfile.ts';
import type { KeyedFormat } from '../../formats/keyed-format.ts';

/** An `import` line of a Caddyfile. Key: the address of its site ('': at the top level), and the path. */
export const caddyImportLine: KeyedFormat = {
  name: 'caddy-import',
  get: (text, [site = '', path = '']) => (importsOf(text, path, finder(site)).length > 0 ? path : undefined),
  set: (text, [site = '', path = '']) => insertImport(text, path, finder(site)),
  remove: (text, [site = '', path = '']) => removeImport(text, path, finder(site)),
};

function finder(site: string): ((file: Caddyfile) => Site | undefined) | undefined {
  return site === '' ? undefined : (file) => siteNamed(file, site);
}

/** The site with that address or host; of several, the one that is served with TLS. */
export function siteNamed({ sites }: Caddyfile, name: string): Site | undefined {
  const named = sites.filter(({ addresses }) => addresses.some((one) => isNamed(one, name)));
  const isSecure = ({ addresses }: Site) => addresses.some((one) => isNamed(one, name) && one.port !== 80);
  return named.find(isSecure) ?? named[0];
}

function isNamed({ text, host }: Address, name: string): boolean {
  return text === name || (host !== '' && host === name.toLowerCase());
}
