import { describe, expect, it } from 'vitest';
import { mistakes, runStep } from '../../support/run-step.ts';

const path = '/etc/xinetd.d/haproxy-agent-check';
const files = {
  '/etc/xinetd.conf': 'defaults\n{\n}\n\nincludedir /etc/xinetd.d/\n',
  '/etc/services': 'ssh 22/tcp\n',
  '/etc/xinetd.d/chargen': 'service chargen\n{\n  disable = yes\n  port = 9707\n}\n',
  '/etc/xinetd.d/old.rpmsave': 'service old\n{\n  port = 9707\n}\n',
};
const agent = {
  name: 'haproxy-agent-check',
  port: 9707,
  server: '/usr/local/bin/haproxy-agent-check.sh',
  only_from: ['198.51.100.0/24'],
  hosts: [
    { name: 'lb-1', address: '192.0.2.5', state: 'active' },
    { name: 'lb-2', address: 'lb-2.example.com' },
  ],
};

describe('xinetd-service', () => {
  it('makes a service that /etc/services need not know', () => {
    const { text, changed } = runStep('xinetd-service', agent, { files });
    expect(changed).toEqual([path]);
    expect(text(path)).toContain('type           = UNLISTED\n');
    expect(text(path)).toContain('only_from      = 127.0.0.1 ::1 198.51.100.0/24 192.0.2.5 192.0.2.1\n');
    expect(text(path)).toContain('user           = nobody\n');
  });

  it('takes the port of /etc/services where it is to, and refuses one that is not there', () => {
    const listed = { ...files, '/etc/services': 'haproxy-agent-check 9707/tcp\n' };
    const { text } = runStep('xinetd-service', { ...agent, listed: true }, { files: listed });
    expect(text(path)).not.toContain('UNLISTED');
    expect(() => runStep('xinetd-service', { ...agent, listed: true }, { files })).toThrow(
      expect.objectContaining({ code: 'service-unlisted' }),
    );
  });

  it('refuses a folder that xinetd does not read, a port that another service has, and a host without xinetd', () => {
    expect(() => runStep('xinetd-service', { ...agent, directory: '/etc/other' }, { files })).toThrow(
      expect.objectContaining({ code: 'xinetd-not-included' }),
    );
    const taken = { ...files, '/etc/xinetd.d/old': files['/etc/xinetd.d/old.rpmsave'] };
    expect(() => runStep('xinetd-service', agent, { files: taken })).toThrow(
      expect.objectContaining({ code: 'port-taken', message: expect.stringContaining('/etc/xinetd.d/old') }),
    );
    expect(() => runStep('xinetd-service', agent, {})).toThrow(
      expect.objectContaining({ code: 'file-missing' }),
    );
  });

  it('refuses what xinetd would pass over or let everybody do', () => {
    expect(mistakes('xinetd-service', { ...agent, name: 'a.conf' })).toEqual([
      'name: expected letters, digits, - and _: xinetd ignores a file with a dot in its name',
    ]);
    expect(
      mistakes('xinetd-service', { ...agent, only_from: ['bbb', '192.0.2.0/33'], server_args: ['a b'] }),
    ).toHaveLength(3);
  });
});

describe('socket-service', () => {
  const { server: program, ...rest } = agent;
  const wanted = { ...rest, program, description: 'Load of this host' };
  const folder = '/etc/systemd/system';

  it('makes a socket that is enabled, and a service for each connection', () => {
    const { text, host, changed } = runStep('socket-service', wanted, {});
    const socket = `${folder}/haproxy-agent-check.socket`;
    const link = `${folder}/sockets.target.wants/haproxy-agent-check.socket`;
    expect(changed).toEqual([
      socket,
      `${folder}/haproxy-agent-check@.service`,
      `${folder}/sockets.target.wants`,
      link,
    ]);
    expect(host.state(link)).toMatchObject({ target: socket });
    const allowed = '127.0.0.1 ::1 198.51.100.0/24 192.0.2.5 192.0.2.1';
    expect(text(socket)).toContain(`IPAddressDeny=any\nIPAddressAllow=${allowed}\n`);
    expect(text(`${folder}/haproxy-agent-check@.service`)).toContain(`"ALLOWED_ADDRESSES=${allowed}"\n`);
  });

  it('refuses a balancer whose address has a zone', () => {
    const hosts = [{ name: 'lb-1', address: 'fe80::1%eth0' }];
    for (const [module, parameters] of [
      ['socket-service', wanted],
      ['xinetd-service', agent],
    ] as const) {
      expect(() => runStep(module, { ...parameters, hosts }, { files })).toThrow(
        expect.objectContaining({
          code: 'address-with-zone',
          message: expect.stringContaining('lb-1 has the address fe80::1%eth0'),
        }),
      );
    }
  });

  it('refuses to be there for nobody, and a balancer whose name does not resolve', () => {
    expect(() => runStep('socket-service', { ...wanted, only_from: [], hosts: [] }, {})).toThrow(
      expect.objectContaining({ code: 'nobody-allowed' }),
    );
    expect(() => runStep('socket-service', wanted, { names: [] })).toThrow(
      expect.objectContaining({ code: 'name-does-not-resolve', message: expect.stringContaining('lb-2') }),
    );
  });
});

describe('etc-services', () => {
  const wanted = { name: 'haproxy-agent-check', port: 9707 };

  it("adds its entry and keeps everybody else's lines", () => {
    const { text } = runStep('etc-services', wanted, { files });
    expect(text('/etc/services')).toBe('ssh 22/tcp\nhaproxy-agent-check\t9707/tcp\n');
  });

  it('refuses a port that has another name', () => {
    const taken = { '/etc/services': 'boundary 9707/tcp\n' };
    expect(() => runStep('etc-services', wanted, { files: taken })).toThrow(
      expect.objectContaining({ code: 'port-taken' }),
    );
    expect(runStep('etc-services', { ...wanted, protocol: 'udp' }, { files: taken }).changed).toEqual([
      '/etc/services',
    ]);
  });
});
