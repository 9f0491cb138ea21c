import { z } from 'zod';
import type { Query } from '../../model/reads.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath, directoriesOf, unitName } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';
import { managerOf, type StatefulRule, statefulInIptables, statefulInNft } from './stateful-rules.ts';

const parameters = z.strictObject({
  path: absolutePath.describe('our own file for nft(8)'),
  unit: unitName.describe('our own service, which loads it when the host starts'),
  cluster: z
    .string()
    .regex(/^[A-Za-z0-9_.-]+$/, 'expected the name of a cluster')
    .describe("the cluster's name, which is part of the table's"),
});

type UntrackedParameters = z.infer<typeof parameters>;

const unitFolder = '/etc/systemd/system';
const askRuleset: Query = { kind: 'command', args: ['nft', 'list', 'ruleset'] };
const iptables = [
  'iptables-save',
  'ip6tables-save',
  'iptables-legacy-save',
  'ip6tables-legacy-save',
] as const;
/** The tables that rules of iptables' older kind are in, which nft doesn't show. */
const askOldTables: Query = {
  kind: 'command',
  args: ['cat', '/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'],
};
/** The probe reads no more of an answer, in bytes. */
const mostRead = 65_536;

/** Who has rules that use the state of connections by nature, and may load them at any time. */
const managers = ['firewalld.service', 'docker.service', 'shorewall.service', 'ferm.service'] as const;
/** What others load when the host starts. */
const loaded = [
  { unit: 'nftables.service', path: '/etc/nftables.conf', look: statefulInNft },
  { unit: 'nftables.service', path: '/etc/sysconfig/nftables.conf', look: statefulInNft },
  { unit: 'netfilter-persistent.service', path: '/etc/iptables/rules.v4', look: statefulInIptables },
  { unit: 'netfilter-persistent.service', path: '/etc/iptables/rules.v6', look: statefulInIptables },
] as const;
const ufw = '/etc/ufw/ufw.conf';

/**
 * Has the kernel keep no entry for connections of ports 80 and 443, in either direction: neither those of
 * browsers nor those to nodes. Where any rule of the host goes by the state of connections, packets without
 * an entry would be dropped, and where any does NAT they would miss it; so both are refused. Source: nft(8),
 * "notrack statement".
 */
export const untracked: StepModule<UntrackedParameters> = {
  name: 'untracked',
  description: 'on a proxy: no connection tracking for ports 80 and 443',
  parameters,
  reads: ({ path, unit }) => ({
    paths: [
      ...[path, ...directoriesOf(path), ...pathsOf(unit), ...directoriesOf(`${unitFolder}/${unit}`)],
      ...directoriesOf(pathsOf(unit)[1]),
      ...[...loaded.map((one) => one.path), ufw],
    ],
    units: [...new Set([...managers, ...loaded.map((one) => one.unit)])],
    queries: [askRuleset, askOldTables, ...iptables.map(ask)],
  }),
  writes: ({ path, unit }) => [path, ...pathsOf(unit)],
  apply: (host, wanted) => {
    refuseRules(host);
    const [service, enabled] = pathsOf(wanted.unit);
    for (const [path, text] of [
      [wanted.path, ruleset(host.step, wanted)],
      [service, serviceText(host.step, wanted)],
    ] as const) {
      host.manage(wholePath(path));
      host.write(path, text, { mode: 0o644 });
    }
    host.manage(wholePath(enabled));
    host.link(enabled, service);
  },
};

function pathsOf(unit: string): readonly [service: string, enabled: string] {
  return [`${unitFolder}/${unit}`, `${unitFolder}/multi-user.target.wants/${unit}`];
}

function ask(program: string): Query {
  return { kind: 'command', args: [program] };
}

function refuseRules(host: StepHost): void {
  const found = statefulNow(host) ?? statefulLater(host);
  if (found !== undefined) throw refusal(host, `${wordsOf(found)}`);
  for (const unit of managers) {
    const { active = '', enabled = '' } = host.unit(unit) ?? {};
    if (active !== 'active' && enabled !== 'enabled') continue;
    throw refusal(host, `${unit} is ${active === 'active' ? active : enabled}, whose rules do so`);
  }
  if (host.exists(ufw) && /^\s*ENABLED=["']?yes/im.test(host.text(ufw) ?? ''))
    throw refusal(host, 'ufw is enabled, whose rules do so');
}

function wordsOf(found: StatefulRule): string {
  const manager = managerOf(found);
  return `a rule of this host does so (${found.place}${manager === undefined ? '' : `, of ${manager}`}): ${found.rule}`;
}

function refusal(host: StepHost, why: string) {
  return host.problem(
    'hardening-impossible',
    `hardening: untracked: nothing on the host may go by the state of connections or do NAT, and ${why}`,
    'take untracked out of `hardening`; or, where these ports need no such rule, write it without state (such as `tcp dport { 80, 443 } accept`), and plan again',
  );
}

function statefulNow(host: StepHost): StatefulRule | undefined {
  const all = [
    [askRuleset, (text: string) => statefulInNft(text)],
    ...iptables.map((name) => [ask(name), (text: string) => statefulInIptables(text, name)] as const),
  ] as const;
  for (const [query, look] of all) {
    const { status, output = '' } = host.answer(query) ?? {};
    const found = status === 0 ? look(output) : undefined;
    if (found !== undefined) return found;
    if (output.length >= mostRead)
      return { place: query.args.join(' '), rule: 'there are too many to be read whole' };
  }
  return unreadable(host);
}

/** Rules that nobody could read may be any. */
function unreadable(host: StepHost): StatefulRule | undefined {
  const nft = host.answer(askRuleset);
  // Where it isn't installed, a stage before this one installs it, and this one is planned anew then.
  const isMissing = nft === undefined || nft.status === 126 || nft.status === 127;
  if (!isMissing && nft.status !== 0)
    return { place: 'nft list ruleset', rule: `it could not be read: ${nft.output.trim().split('\n')[0]}` };
  const old = (host.answer(askOldTables)?.output ?? '').split('\n').filter((line) => /^\w+$/.test(line));
  const isRead = iptables.some((name) => {
    const { status, output = '' } = host.answer(ask(name)) ?? {};
    return status === 0 && (name.includes('legacy') || !output.includes('nf_tables'));
  });
  if (old.length === 0 || isRead) return undefined;
  return { place: `iptables, table ${old[0]}`, rule: 'there is no iptables-legacy-save to read it' };
}

function statefulLater(host: StepHost): StatefulRule | undefined {
  for (const { unit, path, look } of loaded) {
    if (host.unit(unit)?.enabled !== 'enabled' || !host.exists(path)) continue;
    const found = look(host.text(path) ?? '', path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** nft's names have no hyphens. The playbook's handler knows the same name. */
function tableName(cluster: string): string {
  const letters: Readonly<Record<string, string>> = { _: '_u', '-': '_d', '.': '_p' };
  return `clusterproxy_${cluster.replace(/[_.-]/g, (sign) => letters[sign] ?? sign)}`;
}

/** Loaded as one: what is there of our table goes, and the new one comes, at the same moment. */
function ruleset(step: string, { cluster }: UntrackedParameters): string {
  const table = tableName(cluster);
  const chain = (hook: string) => [
    `    chain ${hook} {`,
    // "raw", before connections are looked at.
    `        type filter hook ${hook} priority -300; policy accept;`,
    // Of browsers, and of the proxy's own connections to nodes; UDP is HTTP/3.
    ...['tcp dport { 80, 443 }', 'tcp sport { 80, 443 }', 'udp dport 443', 'udp sport 443'].map(
      (what) => `        ${what} notrack`,
    ),
    '    }',
  ];
  return [
    `# Written by clusterproxy, step ${step}: edits get lost.`,
    `table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    ...chain('prerouting'),
    ...chain('output'),
    '}',
    '',
  ].join('\n');
}

/** The distribution's service drops all tables when it starts or reloads, so this one follows it. */
function serviceText(step: string, { path, cluster }: UntrackedParameters): string {
  return `# Written by clusterproxy, step ${step}: edits get lost.
[Unit]
Description=No connection tracking for ports 80 and 443
After=nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f ${path}
ExecReload=/usr/sbin/nft -f ${path}
ExecStop=-/usr/sbin/nft delete table inet ${tableName(cluster)}

[Install]
WantedBy=multi-user.target
`;
}
