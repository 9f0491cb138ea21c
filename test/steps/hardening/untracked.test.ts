import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Answer, Query } from '../../../src/model/reads.ts';
import { statefulInIptables, statefulInNft } from '../../../src/steps/hardening/stateful-rules.ts';
import { runStep } from '../../support/run-step.ts';

const wanted = {
  path: '/etc/nftables.d/clusterproxy-prod.nft',
  unit: 'clusterproxy-prod-untracked.service',
  cluster: 'a-b.c_d',
};

type Said = Readonly<Record<string, string>>;

function run(said: Said = {}, more: object = {}) {
  const answers = Object.entries({ 'nft list ruleset': '', ...said }).map(
    ([words, output]): readonly [Query, Answer] => [
      { kind: 'command', args: words.split(' ') },
      { status: output.startsWith('error') ? 1 : 0, output },
    ],
  );
  return runStep('untracked', wanted, { answers, ...more });
}

/** In a network namespace of its own, which the kernel forgets afterwards. */
function inNamespace(program: string, input = '') {
  const { status, stdout, stderr } = spawnSync('unshare', ['-n', 'sh', '-ceu', program], {
    input,
    encoding: 'utf8',
  });
  return { status, said: `${stdout}${stderr}` };
}

const noNft = inNamespace('nft list ruleset >/dev/null && iptables-save >/dev/null').status !== 0;

describe('untracked', () => {
  it('writes a file for nft, and a service that loads it when the host starts', () => {
    const { text, changed, host } = run();
    expect(changed.filter((path) => host.state(path).kind !== 'directory')).toEqual([
      wanted.path,
      `/etc/systemd/system/${wanted.unit}`,
      `/etc/systemd/system/multi-user.target.wants/${wanted.unit}`,
    ]);
    expect(text(wanted.path)).toContain('delete table inet clusterproxy_a_db_pc_ud\n');
    expect(host.state(changed.at(-1) ?? '')).toMatchObject({ kind: 'symlink' });
  });

  it.skipIf(noNft)('is loaded by the real nft, again and again, and is no rule that uses state', () => {
    const file = run().text(wanted.path) ?? '';
    const { status, said } = inNamespace(
      'cat >/dev/shm/h.$$; nft -f /dev/shm/h.$$; nft -f /dev/shm/h.$$; rm /dev/shm/h.$$; nft list ruleset',
      file,
    );
    expect(status, said).toBe(0);
    expect(said.match(/notrack/g)).toHaveLength(8);
    expect(run({ 'nft list ruleset': said }).changed).toContain(wanted.path);
  });

  it.skipIf(noNft).each([
    ['ct state established accept', 'ct state established accept'],
    ['ct mark 1 accept', 'ct mark'],
    ['tcp dport 1 ct count over 3 drop', 'ct count'],
  ])('refuses the rule %s, by its name', (rule, named) => {
    const { status, said } = inNamespace(
      `nft add table ip own; nft add chain ip own input '{ type filter hook input priority 0; }'; nft add rule ip own input ${rule}; nft list ruleset`,
    );
    expect(status, said).toBe(0);
    expect(() => run({ 'nft list ruleset': said })).toThrow(/nft, table ip own, chain input\): .*ct /);
    expect(() => run({ 'nft list ruleset': said })).toThrow(named);
  });

  it.skipIf(noNft).each([
    ['-A INPUT -m conntrack --ctstate NEW -j ACCEPT', 'ct state new'],
    ['-t nat -A POSTROUTING -j MASQUERADE', 'masquerade'],
    ['-t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080', 'redirect'],
    ['-A INPUT -m connlimit --connlimit-above 3 -j DROP', 'ct count|connlimit'],
    ['-t nat -A DOCKER -p tcp -d 172.17.0.1 -j DNAT --to-destination 172.17.0.2:80', 'of Docker.*dnat'],
  ])('refuses the rule of iptables %s, in either kind', (rule, named) => {
    const chain = rule.includes('DOCKER') ? '-t nat -N DOCKER; iptables ' : '';
    const newer = inNamespace(
      `iptables-nft ${chain.replace('iptables', 'iptables-nft')}${rule}; nft list ruleset`,
    );
    expect(newer.status, newer.said).toBe(0);
    expect(() => run({ 'nft list ruleset': newer.said })).toThrow(new RegExp(named));
    const older = inNamespace(
      `iptables-legacy ${chain.replace('iptables', 'iptables-legacy')}${rule}; iptables-legacy-save`,
    );
    expect(older.status, older.said).toBe(0);
    expect(() => run({ 'iptables-legacy-save': older.said })).toThrow(/iptables-legacy-save, table \w+/);
  });

  it('takes rules that go by ports and addresses alone', () => {
    const stateless = `table inet filter {
	set direct { type ipv4_addr; elements = { 192.0.2.1 comment "ct state" } }
	chain input {
		type filter hook input priority filter; policy drop;
		tcp dport { 22, 80, 443 } accept
		tcp sport { 80, 443 } accept comment "no ct state here"
		jump redirect
	}
}
`;
    expect(run({ 'nft list ruleset': stateless }).changed).toContain(wanted.path);
    expect(statefulInIptables('*filter\n-A INPUT -p tcp --dport 443 -j ACCEPT\n', 'x')).toBeUndefined();
    expect(statefulInIptables('*raw\n-A PREROUTING -j CT --notrack\n', 'x')).toBeUndefined();
    expect(statefulInNft('# ct state new\n')).toBeUndefined();
  });

  it('refuses what may have such rules tomorrow, and what nobody can read', () => {
    for (const [more, said] of [
      [{ units: ['docker.service'] }, 'docker.service is'],
      [{ files: { '/etc/ufw/ufw.conf': '# c\nENABLED=yes\n' } }, 'ufw is enabled'],
    ] as const)
      expect(() => run({}, more)).toThrow(said);
    expect(() => run({ 'nft list ruleset': 'error: Operation not permitted' })).toThrow(
      'it could not be read: error: Operation not permitted',
    );
    const old = { 'cat /proc/net/ip_tables_names /proc/net/ip6_tables_names': 'filter\n' };
    expect(() => run(old)).toThrow('there is no iptables-legacy-save');
    expect(run({ ...old, 'iptables-legacy-save': '*filter\nCOMMIT\n' }).changed).toContain(wanted.path);
    expect(() => run({ 'iptables-save': 'x'.repeat(70_000) })).toThrow('too many to be read whole');
  });
});
