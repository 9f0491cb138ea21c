// The symbolic links below playbooks/samples. npm leaves links out of a package (npm-packlist), so what needs
// them there gets them from this list.
import { readdirSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';

/** What each leads to, by its path from the folder. */
export function linksBelow(folder) {
  const links = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Object.fromEntries(links.map((path) => [relative(folder, path), readlinkSync(path)]));
}
