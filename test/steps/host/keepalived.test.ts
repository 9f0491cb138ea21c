import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interfaceAddresses } from '../../../src/model/interface-addresses.ts';
import { hasOthers, keepalivedInclude } from '../../../src/steps/host/keepalived-include.ts';
import { routerIdOf } from '../../../src/steps/host/keepalived-render.ts';
import { isProgram } from '../../../src/steps/host/operators-programs.ts';
import { mistakes, runStep } from '../../support/run-step.ts';

const main = '/etc/keepalived/keepalived.conf';
const own = '/etc/keepalived/clusterproxy/prod.conf';
const include = `include ${own}\n`;

const addresses = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
1: lo    inet6 ::1/128 scope host \\       valid_lft forever preferred_lft forever
2: eth0    inet 192.0.2.5/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever
2: eth0    inet6 2001:db8::5/64 scope global \\       valid_lft forever
2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever
7: vlan7@eth0    inet 198.51.100.5/24 scope global vlan7\\       valid_lft forever
`;

const wanted = {
  name: 'prod',
  address: '192.0.2.10',
  own: 'proxy-1',
  hosts: [
    { name: 'proxy-1', address: '192.0.2.5', state: 'active' },
    { name: 'proxy-2', address: '192.0.2.6', state: 'active' },
  ],
  program: '/usr/local/sbin/clusterproxy-prod-answers',
  args: ['bbb.example.com', '/bbb-01/html5client'],
};

function host(
  given: { files?: Record<string, string>; says?: string; status?: number; names?: string[] } = {},
) {
  const { files = {}, says = addresses, status = 0 } = given;
  const query = { kind: 'command', args: ['ip', '-o', 'address', 'show'] } as const;
  const answers = [[query, { status, output: says }]] as const;
  return { files, answers, ...(given.names === undefined ? {} : { names: given.names }) };
}

describe('keepalived', () => {
  it('moves an address between two hosts, in a file of its own', () => {
    const { text, changed, managed } = runStep('keepalived', wanted, host());
    expect(changed).toEqual(['/etc/keepalived', '/etc/keepalived/clusterproxy', own, main]);
    expect(text(main)).toMatch(new RegExp(`^# .*\\n${include}$`));
    expect(text(own)).toBe(`# Written by clusterproxy, step the-step: edits get lost.
global_defs {
    enable_script_security
}

vrrp_script clusterproxy-prod {
    script "/usr/local/sbin/clusterproxy-prod-answers bbb.example.com /bbb-01/html5client 192.0.2.5 192.0.2.6"
    user nobody
    interval 1
    timeout 5
    fall 2
    rise 3
}

vrrp_instance clusterproxy-prod {
    state BACKUP
    nopreempt
    interface eth0
    version 3
    virtual_router_id 10
    priority 200
    advert_int 0.4
    # Again after a second, as many systems take no second answer within one, and every minute.
    garp_master_delay 1
    garp_master_refresh 60
    unicast_src_ip 192.0.2.5
    unicast_peer {
        192.0.2.6
    }
    virtual_ipaddress {
        192.0.2.10/32 dev eth0
    }
    track_script {
        clusterproxy-prod
    }
}
`);
    expect(managed.map(({ path, format }) => `${format} ${path}`)).toEqual([
      `file ${own}`,
      `keepalived-include ${main}`,
    ]);
  });

  it('is the same on the other host but for what is its own', () => {
    const says = addresses.replaceAll('192.0.2.5', '192.0.2.6');
    const { text } = runStep('keepalived', { ...wanted, own: 'proxy-2' }, host({ says }));
    expect(text(own)).toContain('priority 190\n');
    expect(text(own)).toContain('unicast_src_ip 192.0.2.6\n    unicast_peer {\n        192.0.2.5\n    }\n');
    expect(text(own)).toContain('/bbb-01/html5client 192.0.2.6 192.0.2.5"\n');
  });

  it('takes the interface, the number and the order from the operator', () => {
    const vrrp = { interface: 'vlan7', router_id: 77, preempt: true };
    const { text } = runStep('keepalived', { ...wanted, vrrp }, host());
    expect(text(own)).toContain('virtual_router_id 77\n');
    expect(text(own)).toContain('    preempt_delay 30\n    interface eth0\n');
    expect(text(own)).not.toContain('nopreempt');
    expect(text(own)).toContain('192.0.2.10/32 dev vlan7\n');
  });

  it('has root run a command once the host gets the address, where one is named', () => {
    const run = '/bin/systemctl --no-block start claim.service';
    const { text } = runStep('keepalived', { ...wanted, on_master: run }, host());
    expect(text(own)).toContain(`    notify_master "${run}" root\n}\n`);
    expect(runStep('keepalived', wanted, host()).text(own)).not.toContain('notify_master');
  });

  it('warns of programs of the operator that are not there, or can not be executed', () => {
    const operators = ['/usr/local/sbin/claim 192.0.2.10', '/usr/local/sbin/owner --short'];
    const says = (claim: number, owner: number) => {
      const given = host();
      const asked = [
        [isProgram('/usr/local/sbin/claim'), { status: claim, output: '' }],
        [isProgram('/usr/local/sbin/owner'), { status: owner, output: '' }],
      ] as const;
      const answers = [...given.answers, ...asked];
      return runStep('keepalived', { ...wanted, operators }, { ...given, answers }).warnings;
    };
    expect(says(0, 0)).toEqual([]);
    expect(says(4, 5)).toEqual([
      expect.stringContaining('there is no program /usr/local/sbin/claim on this host'),
      expect.stringContaining("/usr/local/sbin/owner can't be executed on this host"),
    ]);
  });

  it('asks for them as the host does', () => {
    const asked = (path: string) => {
      const [program = '', ...args] = isProgram(path).args;
      return spawnSync(program, args).status;
    };
    expect([asked('/bin/sh'), asked('/no/such/program'), asked('/bin'), asked('/etc/passwd')]).toEqual([
      ...[0, 4, 4, 5],
    ]);
  });

  it('moves IPv6 addresses', () => {
    const hosts = [
      { name: 'proxy-1', address: '2001:db8::5' },
      { name: 'proxy-2', address: '2001:db8::6' },
    ];
    const { text } = runStep('keepalived', { ...wanted, hosts, address: '2001:db8::abcd' }, host());
    expect(text(own)).toContain(
      'unicast_src_ip 2001:db8::5\n    unicast_peer {\n        2001:db8::6\n    }\n',
    );
    expect(text(own)).toContain('2001:db8::abcd/128 dev eth0\n');
    expect(text(own)).toContain(`virtual_router_id ${0xcd}\n`);
  });

  it('stays as it is while another one leaves', () => {
    const hosts = wanted.hosts.map((one, index) => (index === 1 ? { ...one, state: 'leaving' } : one));
    const { text } = runStep('keepalived', { ...wanted, hosts }, host());
    expect(text(own)).toBe(runStep('keepalived', wanted, host()).text(own));
  });

  it('leaves what an operator has, settings for scripts included, and adds one line', () => {
    const theirs = '! ours\nvrrp_instance other {\n}\n\ninclude /etc/keepalived/more.conf';
    const { text } = runStep('keepalived', wanted, host({ files: { [main]: theirs } }));
    expect(text(main)).toBe(`${theirs}\n${include}`);
    expect(text(own)).not.toContain('global_defs');
  });

  it('stands beside another cluster', () => {
    const other = 'include /etc/keepalived/clusterproxy/test.conf\n';
    const { text } = runStep('keepalived', wanted, host({ files: { [main]: other } }));
    expect(text(main)).toBe(`${other}${include}`);
    expect(text(own)).toContain('enable_script_security');
    expect(text(own)).toContain('vrrp_instance clusterproxy-prod {');
  });

  it.each([
    [
      'has no such address',
      wanted,
      { says: addresses.replaceAll('192.0.2.5', '10.0.0.5') },
      'own-address-not-found',
    ],
    ['is known by a name that leads elsewhere', named('proxy-1'), { names: [] }, 'own-address-not-found'],
    ['does not know the other one', named('proxy-2'), { names: [] }, 'peer-address-unknown'],
    ['can not be asked', wanted, { status: 127, says: 'ip: not found' }, 'addresses-unknown'],
    ['is not one of them', { ...wanted, own: 'proxy-3' }, {}, 'host-not-listed'],
    ['has no IPv6', { ...wanted, address: '2001:db8::10' }, {}, 'own-address-not-found'],
  ] as const)('refuses a host that %s', (_, parameters, given, code) => {
    const asked = { ...given, names: 'names' in given ? [...given.names] : undefined };
    expect(() => runStep('keepalived', parameters, host(asked as never))).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('never takes the moving address for the host itself', () => {
    const says = `${addresses}2: eth0    inet 192.0.2.1/32 scope global eth0\n`;
    // All names lead to 192.0.2.1 here.
    expect(() =>
      runStep('keepalived', { ...named('proxy-1'), address: '192.0.2.1' }, host({ says })),
    ).toThrow(expect.objectContaining({ code: 'own-address-not-found' }));
  });

  it('refuses fewer than two hosts, and words that keepalived would take for more', () => {
    expect(mistakes('keepalived', { ...wanted, hosts: wanted.hosts.slice(1) })).toHaveLength(1);
    expect(mistakes('keepalived', { ...wanted, args: ['a b'], program: '/a"b' })).toHaveLength(2);
    expect(mistakes('keepalived', { ...wanted, address: 'fe80::1%eth0' })).toHaveLength(1);
  });
});

function named(which: string) {
  const hosts = wanted.hosts.map((one) =>
    one.name === which ? { ...one, address: `${which}.example.com` } : one,
  );
  return { ...wanted, hosts };
}

describe('what is found on a host', () => {
  it('are its addresses, without those of one link', () => {
    expect(interfaceAddresses(addresses)).toEqual([
      { interface: 'eth0', address: '192.0.2.5' },
      { interface: 'eth0', address: '2001:db8::5' },
      { interface: 'vlan7', address: '198.51.100.5' },
    ]);
  });

  it.each([
    ['192.0.2.10', 10],
    ['192.0.2.0', 255],
    ['2001:db8::', 255],
    ['2001:db8::1:ff', 255],
    ['2001:db8::100', 255],
    ['2001:db8::1a', 26],
  ])('%s makes the number %s', (address, number) => {
    expect(routerIdOf(address)).toBe(number);
  });
});

describe('an include line', () => {
  const pieces = [
    ...['include /a.conf', ' include\t/a.conf # ours', '#include /a.conf', '! x', 'include /a.confx'],
    ...['\n', '\r\n', '\uFEFF', 'vrrp_instance x {', '}', ' '],
  ];
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(''));

  it('is added once, is read back, and leaves every other line', () => {
    fc.assert(
      fc.property(text, (before) => {
        const set = keepalivedInclude.set(before, ['/a.conf'], '/a.conf');
        expect(keepalivedInclude.get(set, ['/a.conf'])).toBe('/a.conf');
        expect(keepalivedInclude.set(set, ['/a.conf'], '/a.conf')).toBe(set);
        expect(set.startsWith(before)).toBe(true);
        const removed = keepalivedInclude.remove(set, ['/a.conf']);
        expect(keepalivedInclude.get(removed, ['/a.conf'])).toBeUndefined();
        expect(keepalivedInclude.remove(removed, ['/a.conf'])).toBe(removed);
        if (keepalivedInclude.get(before, ['/a.conf']) === undefined) {
          expect([before, `${before}\n`, `${before}\r\n`]).toContain(removed);
        }
      }),
    );
  });

  it('is a file of others unless it is the only kind of line', () => {
    expect(hasOthers('# x\n\ninclude /f/a.conf\n', '/f')).toBe(false);
    expect(hasOthers('include /f/a.conf\ninclude /g/b.conf\n', '/f')).toBe(true);
    expect(hasOthers('global_defs {\n}\n', '/f')).toBe(true);
  });
});
