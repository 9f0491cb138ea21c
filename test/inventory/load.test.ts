import { homedir } from 'node:os';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OperatorErrors } from '../../src/model/operator-error.ts';
import { anyText, runs } from '../support/random.ts';
import { loadText, mistakes, places } from './load-text.ts';

const complete = `playbook: ./cluster.yaml
cluster: {name: prod, hostname: bbb.example.com}
ssh: {user: ops, become: sudo, identity_files: [~/.ssh/cluster, keys/one], connect_timeout: 5}
vars: {workers: 8}
hosts:
  node:
    - {name: node-1, hostname: n1.example.com, vars: {workers: 2}, ssh: {port: 2222, become: none}}
    - {name: node-2, hostname: n2.example.com, address: 192.0.2.2, state: retired, recipe: '2.4'}
  proxy:
    - {name: proxy-1, ssh: {address: 192.0.2.5}}
`;

describe('a correct inventory', () => {
  it('has its hosts in the order of the roles', async () => {
    const { hosts, external } = await loadText(complete);
    expect(hosts.map(({ name, role }) => `${role}/${name}`)).toEqual([
      'proxy/proxy-1',
      'node/node-1',
      'node/node-2',
    ]);
    expect([...external]).toEqual([]);
  });

  it('takes variables from defaults, from the top and from the host, in this order', async () => {
    const { vars, hosts } = await loadText(complete);
    expect(vars.workers).toBe(8);
    expect(hosts.map((host) => host.vars.workers)).toEqual([8, 2, 8]);
    expect(hosts[0]?.vars.restart).toBe('minimal');
  });

  it('reaches hosts as it says, else as OpenSSH would', async () => {
    const inventory = await loadText(complete);
    const [proxy, first, second] = inventory.hosts;
    const directory = resolve(inventory.file, '..');
    expect(proxy?.ssh).toEqual({
      host: '192.0.2.5',
      user: 'ops',
      become: 'sudo',
      identityFiles: [`${homedir()}/.ssh/cluster`, `${directory}/keys/one`],
      connectTimeout: 5,
    });
    expect(first?.ssh).toMatchObject({ host: 'n1.example.com', alias: 'node-1', port: 2222 });
    expect(first?.ssh.become).toBeUndefined();
    expect(first).toMatchObject({ address: 'n1.example.com', state: 'active', recipe: undefined });
    expect(second?.ssh).toMatchObject({ host: '192.0.2.2', alias: undefined });
    expect(second).toMatchObject({ address: '192.0.2.2', state: 'retired', recipe: '2.4' });
  });

  it('leaves open what is not said: the ssh configuration may say it', async () => {
    const { hosts } = await loadText(complete.replace(/^ssh:.*\n/m, ''));
    expect(hosts[0]?.ssh).toMatchObject({ user: undefined, port: undefined, connectTimeout: undefined });
  });

  it('may leave a role to somebody else', async () => {
    const { hosts, external } = await loadText(complete.replace(/ {2}proxy:\n.*\n/, '  proxy: external\n'));
    expect([...external]).toEqual(['proxy']);
    expect(hosts).toHaveLength(2);
  });

  it('may have a byte order mark, CRLF, comments, anchors and merge keys', async () => {
    const text = `\uFEFF${complete
      .replace('ssh: {port: 2222, become: none}', 'ssh: &far {port: 2222}')
      .replace('address: 192.0.2.2,', 'ssh: {<<: *far, user: root},')
      .replaceAll('\n', '\r\n')}`;
    const { hosts } = await loadText(text);
    expect(hosts[2]?.ssh).toMatchObject({ port: 2222, user: 'root', become: 'sudo' });
  });
});

describe('mistakes', () => {
  it('are all reported at once, from top to bottom', async () => {
    const problems = await mistakes(`playbook: ./cluster.yaml
cluster: {name: Prod 1, hostname: https://bbb.example.com/b}
shh: {user: ops}
vars: {worker: 2, restart: minimall}
hosts:
  nodes: []
  node:
    - {name: node-1, hostname: N1.example.com}
    - {name: node-1, hostname: n2.example.com, ssh: {port: 22a}}
`);
    expect(places(problems)).toEqual([
      '2:17 invalid-name',
      '2:35 invalid-hostname',
      '3:1 unknown-key',
      '4:8 unknown-variable',
      '4:28 wrong-value',
      '5:1 missing-role',
      '6:3 unknown-role',
      '8:32 invalid-hostname',
      '9:14 duplicate-name',
      '9:60 wrong-type',
    ]);
    expect(problems.map(({ next }) => next)).toEqual([
      'write e.g. prod-1',
      'write bbb.example.com',
      'did you mean ssh?',
      'did you mean workers?',
      'did you mean minimal?',
      'add proxy: with a list of hosts, or external',
      'did you mean node?',
      'write n1.example.com',
      'give every host its own name; names are unique over all roles',
      'write a number',
    ]);
    expect(problems.at(-1)?.message).toBe("expected a number, found text '22a'");
    expect(problems.at(-1)?.location?.text).toBe(
      '    - {name: node-1, hostname: n2.example.com, ssh: {port: 22a}}',
    );
  });

  it('of the playbook come with it, after those of the inventory', async () => {
    const problems = await mistakes(`playbook: ./broken.yaml
cluster: {name: prod, hostname: bbb.example.com}
hosts:
  node: [{nam: node-1}]
`);
    expect(problems.map(({ code, location }) => [code, location?.file.replace(/.*\//, '')])).toEqual([
      ['unknown-key', 'prod.yaml'],
      ['missing-key', 'broken.yaml'],
    ]);
  });

  it('name the playbooks there are, where the one asked for is none of them', async () => {
    const [problem] = await mistakes(complete.replace('./cluster.yaml', 'bigbluebuton'));
    expect(problem).toMatchObject({ code: 'unknown-playbook', location: { line: 1, column: 11 } });
    expect(problem?.next).toContain('did you mean bigbluebutton?');
  });

  it('point at the line of a playbook that is not there', async () => {
    const [problem] = await mistakes(complete.replace('./cluster.yaml', './mine.yaml'));
    expect(problem).toMatchObject({ code: 'file-missing', location: { line: 1, column: 11 } });
  });
});

describe('whatever the file holds', () => {
  const isOperatorErrors = async (text: string | Uint8Array) => {
    try {
      await loadText(text);
    } catch (error) {
      expect(error).toBeInstanceOf(OperatorErrors);
      for (const { location, code } of (error as OperatorErrors).problems) {
        expect(code).toMatch(/^[a-z][a-z0-9-]+$/);
        if (location === undefined) continue;
        expect(location.line).toBeGreaterThan(0);
        expect(location.column).toBeGreaterThan(0);
      }
    }
  };

  it('nothing but OperatorErrors is thrown: any bytes', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), isOperatorErrors), runs(200));
  });

  it('nothing but OperatorErrors is thrown: text made of what YAML is made of', async () => {
    const bits = fc.constantFrom(
      ...[
        'playbook: ./cluster.yaml\n',
        'cluster:',
        'hosts:',
        'node:',
        'proxy',
        '- ',
        ': ',
        '\n',
        '  ',
        '{',
        '}',
      ],
      ...[
        '[',
        ']',
        ',',
        '&a ',
        '*a',
        '<<: ',
        '"',
        "'",
        '#',
        '|',
        '>',
        '?',
        '!!binary ',
        '%YAML 1.1',
        '---',
        '~',
      ],
      ...[
        '__proto__: ',
        'constructor',
        'name',
        'ssh',
        'vars',
        '0755',
        '1e999',
        '.nan',
        'true',
        '\t',
        '\r',
        '{{',
      ],
    );
    const text = fc.array(bits, { maxLength: 40 }).map((parts) => parts.join(''));
    await fc.assert(fc.asyncProperty(text, isOperatorErrors), runs(1000));
  });

  it('nothing but OperatorErrors is thrown: a correct file with some of it replaced', async () => {
    const change = fc.tuple(fc.nat(complete.length), fc.nat(12), anyText({ maxLength: 6 }));
    const text = fc
      .array(change, { minLength: 1, maxLength: 3 })
      .map((changes) =>
        changes.reduce((sum, [at, gone, come]) => sum.slice(0, at) + come + sum.slice(at + gone), complete),
      );
    await fc.assert(fc.asyncProperty(text, isOperatorErrors), runs(500));
  });
});

describe('an ssh configuration of the inventory', () => {
  it('that does not exist is a mistake at its line, at the top and on a host', async () => {
    const text = complete
      .replace('become: sudo,', 'become: sudo, config: /nowhere/ssh_config,')
      .replace('port: 2222,', 'port: 2222, config: ./none-here,');
    const found = await mistakes(text);
    expect(found.map(({ code, location }) => [code, location?.line])).toEqual([
      ['ssh-config-missing', 3],
      ['ssh-config-missing', 7],
    ]);
    expect(found[0]?.message).toBe('the ssh configuration /nowhere/ssh_config does not exist');
  });

  it('is none, or a file that can be read', async () => {
    await loadText(complete.replace('become: sudo,', 'become: sudo, config: none,'));
    await loadText(complete.replace('become: sudo,', `become: sudo, config: ${import.meta.filename},`));
  });
});
