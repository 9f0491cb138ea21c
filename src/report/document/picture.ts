import { ownLine, showableLine } from '../../secrets/showable.ts';
import { cleanName, type Masker } from './harmless.ts';
import type { ReportPicture } from './schema.ts';

/** What is known of a cluster before any host is asked. */
export type PictureBeginning = Pick<
  ReportPicture,
  'version' | 'name' | 'hostname' | 'playbook' | 'inventory' | 'operator' | 'from' | 'roles' | 'ways'
>;

/** The same as it may be shown. */
export function pictureDocument(told: PictureBeginning, secrets: Masker): PictureBeginning {
  const { version, name, hostname, playbook, inventory, operator, from, roles, ways } = secrets.maskAll(told);
  return {
    ...{ version, name: cleanName(name) },
    ...(hostname === undefined ? {} : { hostname: cleanName(hostname) }),
    ...(playbook === undefined ? {} : { playbook: cleanName(playbook) }),
    ...{ inventory: cleanName(inventory), operator: showableLine(operator), from: showableLine(from) },
    roles: roles.map(({ role, hosts, ...rest }) => ({
      ...{ role: cleanName(role), ...rest },
      hosts: hosts.map(({ hostname: public_, ...host }) => ({
        ...{ ...host, name: cleanName(host.name) },
        ...(public_ === undefined ? {} : { hostname: cleanName(public_) }),
      })),
    })),
    ways: ways.map((way) => ({
      ...{ from: cleanName(way.from), to: cleanName(way.to) },
      ports: way.ports.map(({ port, protocol, purpose }) => ({
        ...{ port: cleanName(port), protocol, purpose: ownLine(purpose) },
      })),
    })),
  };
}
