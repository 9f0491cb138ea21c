import type { FetchedPackage, PackageOffers, SimulatedUpgrade } from '../model/forecast.ts';
import type { Connection } from '../ssh/contract.ts';
import { secondsIn } from './claims.ts';
import { askForecast } from './forecast-question.ts';
import { printable, record } from './records.ts';

/**
 * Which versions of the product's packages the host's own apt knows, of those that are installed there. Its
 * package lists are read as they are. `patterns` are names as dpkg-query(1) takes them. Throws an
 * OperatorError.
 */
export async function askOffers(
  connection: Connection,
  host: string,
  patterns: readonly string[],
): Promise<PackageOffers> {
  const request = [record('task', 'offers'), ...patterns.map((one) => record('product', one))].join('\n');
  return askForecast(connection, { host, request, section: 'survey' }, (lines) => {
    const one = (wanted: string) => lines.find(([kind]) => kind === wanted);
    const pairs = (wanted: string) =>
      lines.flatMap(([kind, name = '', version = '']) =>
        kind === wanted ? [[printable(name), printable(version)] as const] : [],
      );
    const [, changed = '', now = ''] = one('lists') ?? [];
    const versions = new Map<string, string[]>();
    for (const [name, version] of pairs('version')) {
      const known = versions.get(name);
      if (known === undefined) versions.set(name, [version]);
      else known.push(version);
    }
    return {
      hasDpkg: one('dpkg')?.[1] === 'yes',
      hasApt: one('apt')?.[1] === 'yes',
      lists: { changed: secondsIn(changed), now: secondsIn(now) ?? 0 },
      installed: new Map(pairs('installed')),
      candidates: new Map(pairs('candidate')),
      versions,
    };
  });
}

/**
 * What would come and go if these packages were brought to these versions, as the host's apt works it out.
 * Nothing is installed. Throws an OperatorError, `upgrade-not-possible` if apt finds no way.
 */
export async function simulateUpgrade(
  connection: Connection,
  host: string,
  wanted: readonly { readonly name: string; readonly version: string }[],
): Promise<SimulatedUpgrade> {
  const request = [
    record('task', 'simulate'),
    ...wanted.map(({ name, version }) => record('want', name, version)),
  ].join('\n');
  return askForecast(connection, { host, request, section: 'survey' }, (lines) => {
    const files = filesIn(lines);
    return {
      come: lines.flatMap(([kind, name = '', installed = '', version = '']): FetchedPackage[] => {
        if (kind !== 'come') return [];
        const file = files.get(fileKey(name, version));
        return [
          {
            ...{ name: printable(name), version: printable(version) },
            installed: installed === '' ? undefined : printable(installed),
            ...{ size: file?.size ?? 0, sha256: file?.sha256 },
          },
        ];
      }),
      go: lines.flatMap(([kind, name = '']) => (kind === 'go' ? [printable(name)] : [])),
    };
  });
}

type File = Pick<FetchedPackage, 'size' | 'sha256'>;

/** What the lists say of each file, by name and version; by the name with its architecture as well. */
function filesIn(lines: readonly string[][]): ReadonlyMap<string, File> {
  const files = new Map<string, File>();
  for (const [kind, name = '', version = '', size = '', sha256 = '', architecture = ''] of lines) {
    if (kind !== 'file' || !/^\d{1,15}$/.test(size)) continue;
    const file = { size: Number(size), sha256: /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined };
    for (const key of [fileKey(name, version), fileKey(`${name}:${architecture}`, version)]) {
      if (!files.has(key)) files.set(key, file);
    }
  }
  return files;
}

function fileKey(name: string, version: string): string {
  return `${name}=${version}`;
}
