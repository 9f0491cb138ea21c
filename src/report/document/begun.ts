import type { Begun, FoundHost } from '../../model/begun.ts';
import { showable, showableLine } from '../../secrets/showable.ts';
import { cleanName } from './harmless.ts';
import { errorDocument } from './problem.ts';
import type { ReportBegun, ReportDocument } from './schema.ts';

/** What init has found and written, for the document. */
export function begunDocument(begun: Begun | undefined): Pick<ReportDocument, 'begun'> {
  if (begun === undefined) return {};
  const { hosts, read, inventory } = begun;
  return {
    begun: {
      hosts: hosts.map(foundDocument),
      read: read.map(({ file, kind, hosts }) => ({ file: cleanName(file), kind, hosts })),
      ...(inventory === undefined
        ? {}
        : {
            inventory: {
              file: cleanName(inventory.file),
              text: showable(inventory.text),
              written: inventory.written,
              ...(inventory.agreed === undefined ? {} : { agreed: inventory.agreed }),
              next: cleanName(inventory.next),
            },
          }),
    },
  };
}

function foundDocument(host: FoundHost): ReportBegun['hosts'][number] {
  const { problem, user, root, system, ownName, product, programs, recipe, unfit } = host;
  return {
    ...{ name: cleanName(host.name), role: cleanName(host.role) },
    ...{ place: cleanName(host.place), reached: host.reached },
    ...(problem === undefined ? {} : { problem: errorDocument(problem) }),
    ...(user === undefined ? {} : { user: cleanName(user) }),
    ...(root === undefined ? {} : { root }),
    ...(system === undefined ? {} : { system: showableLine(system) }),
    ...(ownName === undefined ? {} : { ownName: showableLine(ownName) }),
    ...(product === undefined ? {} : { product: productDocument(product) }),
    ...(programs === undefined ? {} : { programs: programs.map(cleanName) }),
    ...(recipe === undefined ? {} : { recipe: cleanName(recipe) }),
    ...(unfit === undefined ? {} : { unfit: errorDocument(unfit) }),
    publicNames: host.publicNames.map(cleanName),
    certificates: host.certificates.map(({ file, names, until }) => ({
      ...{ file: cleanName(file), names: names.map(cleanName), until },
    })),
  };
}

function productDocument({ playbook, title, version, hostname }: NonNullable<FoundHost['product']>) {
  return {
    ...{ playbook: cleanName(playbook), title: cleanName(title) },
    ...(version === undefined ? {} : { version: showableLine(version) }),
    ...(hostname === undefined ? {} : { hostname: cleanName(hostname) }),
  };
}
