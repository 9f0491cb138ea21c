import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedHost, startEmbeddedHost } from '../../src/demo/embedded-host.ts';
import { startCluster, type TestCluster } from './cluster.ts';

/**
 * A balancer that keeps the state of each node in a file, knows no node without one, and notes what it is
 * told. How many others would get people is in `others`.
 */
const program = `#!/bin/sh
folder=$(dirname "$0")
[ "$1" = state ] || echo "$1 $2" >>"$folder/calls"
file=$folder/$2
case $1 in
  state)
    [ -e "$file" ] || { printf 'state\\037unknown\\n'; exit; }
    printf 'state\\037%s\\nhealth\\037online\\nothers\\037%s\\n' "$(cat "$file")" "$(cat "$folder/others")"
    ;;
  cordon) echo cordoned >"$file" ;;
  enable) echo enabled >"$file" ;;
esac
`;

/** The made-up cluster with the host of a balancer. */
export interface BalancedCluster {
  readonly cluster: TestCluster;
  /** what the inventory's text is changed to, to have that host in it */
  readonly withBalancer: (text: string) => string;
  /** what a node is for the balancer; undefined: it doesn't know it */
  stateOf(node: string): string | undefined;
  make(node: string, state: string | undefined): void;
  others(count: number): void;
  /** what it was told since it was last asked for that */
  told(): readonly string[];
  close(): Promise<void>;
}

export async function startBalancedCluster(): Promise<BalancedCluster> {
  const cluster = await startCluster();
  const root = join(cluster.folder, 'hosts/lb');
  // Whether nodes answer rightly is asked of a stand-in for curl, which goes by this unit of the same host.
  for (const folder of ['etc', 'var/lib', 'usr/lib/systemd/system', 'balancer']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  writeFileSync(join(root, 'usr/lib/systemd/system/bbb-web.service'), '[Service]\n');
  writeFileSync(join(root, 'etc/machine-id'), 'ffff456789abcdef0123456789abcdef\n');
  writeFileSync(join(root, 'etc/os-release'), 'ID=debian\n');
  const at = (name: string) => join(root, 'balancer', name);
  writeFileSync(at('lb'), program, { mode: 0o755 });
  const work = join(cluster.folder, 'ssh/lb');
  mkdirSync(work);
  const teller: EmbeddedHost = await startEmbeddedHost({ name: 'lb', root, work, units: ['bbb-web'] });
  const read = (name: string) => (existsSync(at(name)) ? readFileSync(at(name), 'utf8').trim() : undefined);
  return {
    cluster,
    withBalancer: (text) =>
      text.replace(
        'hosts:\n',
        `vars: {meeting_balancer_kind: command, meeting_balancer_command: ${at('lb')}}
hosts:
  balancer:
    - name: lb
      ssh: {address: 127.0.0.1, port: ${teller.port}, host_keys: ['${teller.hostKey}'], identity_files: [${teller.target.identityFiles.join(', ')}]}
`,
      ),
    stateOf: (node) => read(`${node}.example.com`),
    make: (node, state) => {
      if (state === undefined) rmSync(at(`${node}.example.com`), { force: true });
      else writeFileSync(at(`${node}.example.com`), `${state}\n`);
    },
    others: (count) => writeFileSync(at('others'), `${count}\n`),
    told: () => {
      const calls = read('calls')?.split('\n') ?? [];
      rmSync(at('calls'), { force: true });
      return calls;
    },
    close: async () => {
      await teller.close();
      await cluster.close();
    },
  };
}
