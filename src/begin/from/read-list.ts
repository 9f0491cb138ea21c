import { hostnameMistake } from '../../inventory/names.ts';
import { OperatorError } from '../../model/operator-error.ts';
import { readAnsibleIni } from './ansible-ini.ts';
import { readAnsibleYaml } from './ansible-yaml.ts';
import { type ListKind, listKinds } from './list-kinds.ts';
import { type ListedHost, usable } from './listed-host.ts';
import { readNginx } from './nginx.ts';
import { readServers } from './servers.ts';
import { readSshConfig } from './ssh-config.ts';

export interface HostList {
  readonly kind: ListKind;
  readonly hosts: readonly ListedHost[];
  /** entries that can't be hosts, such as those with names that no DNS has */
  readonly passedOver: number;
  /** the name that browsers see, where the file tells it */
  readonly hostname?: string | undefined;
}

/** Nobody has as many; more is no list of servers. */
const mostHosts = 500;

const readers: Readonly<Record<ListKind, (text: string) => Read | undefined>> = {
  ansible: (text) => listed(readAnsibleIni(text) ?? readAnsibleYaml(text)),
  nginx: readNginx,
  'ssh-config': (text) => listed(readSshConfig(text)),
  servers: (text) => listed(readServers(text)),
};

interface Read {
  readonly hosts: readonly ListedHost[];
  readonly hostname?: string | undefined;
}

/**
 * The hosts that a file lists which somebody else's program has made or reads. Its kind is what it looks
 * like, unless that is given. Throws OperatorError `from-unknown`, `from-empty` or `from-too-many`.
 */
export function readList(file: string, text: string, given?: ListKind): HostList {
  // No list has these, but for a form feed here and there.
  if (/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text)) throw unknownKind(file, 'it is no text');
  for (const kind of given === undefined ? listKinds : [given]) {
    const read = readers[kind](text);
    if (read === undefined) continue;
    if (read.hosts.length > mostHosts) {
      throw new OperatorError({
        code: 'from-too-many',
        message: `${file} lists ${read.hosts.length} hosts; expected at most ${mostHosts}`,
        next: 'check that it is the right file, or leave only the hosts of this cluster in a copy of it',
      });
    }
    const hosts = read.hosts.filter(usable);
    const passedOver = read.hosts.length - hosts.length;
    if (hosts.length === 0) {
      throw new OperatorError({
        code: 'from-empty',
        message: `${file}, read as ${kind}, lists no host that could be in an inventory`,
        next: `say what it is with --from-kind (${listKinds.join(', ')}), or name the hosts by options`,
      });
    }
    return { kind, hosts, passedOver, hostname: publicOnly(read.hostname) };
  }
  throw unknownKind(file, given === undefined ? 'it looks like nothing that is known' : `it isn't ${given}`);
}

function listed(hosts: readonly ListedHost[] | undefined): Read | undefined {
  return hosts === undefined ? undefined : { hosts };
}

function unknownKind(file: string, why: string): OperatorError {
  return new OperatorError({
    code: 'from-unknown',
    message: `no hosts can be read from ${file}: ${why}`,
    next: 'give a list of Scalelite, b3scale or bbblb, an Ansible inventory, an nginx file or an ssh configuration; docs/init.md says how each looks',
  });
}

/** `_` and the like stand for any name. */
function publicOnly(hostname: string | undefined): string | undefined {
  return hostname?.includes('.') && hostnameMistake(hostname) === undefined ? hostname : undefined;
}
