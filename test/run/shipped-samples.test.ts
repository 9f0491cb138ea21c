import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPlaybook } from '../../src/run/check-playbook.ts';

const samples = `${import.meta.dirname}/../../playbooks/samples`;

/** What is tried of each playbook that comes with the program: host, and the recipe that its files choose. */
const tried = {
  bigbluebutton: {
    proxy: 'nginx',
    'node-2.4': '2.4',
    'node-2.6': '2.5-2.7',
    'node-3.0-meteor': '3.0-meteor',
    'node-3.0': '3.0',
    'node-3.0.28': '3.0.28',
    'node-4.0': '3.0.28',
    'node-4.1': '3.0.28',
  },
  averox: { proxy: 'nginx', 'node-3.0': '3.0-meteor' },
  wcs: {
    balancer: 'debian',
    'balancer-red-hat': 'red-hat',
    node: 'systemd',
    'node-xinetd': 'xinetd-found',
  },
  antmedia: {
    balancer: 'debian',
    'balancer-by-hand': 'debian',
    'balancer-red-hat': 'red-hat',
    node: undefined,
  },
};

/** Certificates are not among the samples; a later stage's files are not, where an action brings them. */
const untriedSteps: Readonly<Record<string, readonly string[]>> = {
  bigbluebutton: [],
  averox: [],
  wcs: ['certificate', 'haproxy'],
  antmedia: ['certbot-certificate', 'certbot-settings', 'haproxy'],
};

describe.each(Object.entries(tried))('playbook check %s', (name, expected) => {
  it('tries the samples that come with the program, each with the recipe of its own files', async () => {
    const { hosts } = await checkPlaybook(name, process.cwd());
    expect(Object.fromEntries(hosts.map(({ sample, plan }) => [sample.name, plan.recipe?.name]))).toEqual(
      expected,
    );
    for (const { sample, plan, untried } of hosts) {
      expect(sample.folder, sample.name).toMatch(new RegExp(`/samples/${name}/`));
      expect(plan.problem, sample.name).toBeUndefined();
      expect(untriedSteps[name], sample.name).toEqual(expect.arrayContaining([...untried]));
    }
  });

  it('leaves out no folder', async () => {
    const { hosts } = await checkPlaybook(name, process.cwd());
    const folders = readdirSync(join(samples, name)).filter((entry) => !entry.includes('.yaml'));
    expect(hosts.map(({ sample }) => sample.folder).sort()).toEqual(
      folders.map((folder) => join(dirname(hosts[0]?.sample.folder ?? ''), folder)).sort(),
    );
    for (const { sample } of hosts) expect(existsSync(sample.folder ?? '')).toBe(true);
  });
});

describe('hosts.yaml beside samples of an own playbook', () => {
  const playbook = `name: mine
description: one file
roles:
  node:
    description: a host
    steps:
      - {id: there, properties: {path: /etc/x, create: false, set: {a: '1'}}}
`;
  async function check(hosts: string) {
    const folder = mkdtempSync(join(tmpdir(), 'samples-'));
    try {
      mkdirSync(join(folder, 'samples/mine/one/etc'), { recursive: true });
      writeFileSync(join(folder, 'samples/mine/one/etc/x'), 'a = 0\n');
      writeFileSync(join(folder, 'samples/mine/hosts.yaml'), hosts);
      writeFileSync(join(folder, 'mine.yaml'), playbook);
      return await checkPlaybook('./mine.yaml', folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it('names the folders by role', async () => {
    const { hosts } = await check('node:\n  - {name: one}\n');
    expect(hosts.map(({ sample, untried }) => [sample.name, untried])).toEqual([['node-one', []]]);
  });

  it('is refused at its place if it is wrong', async () => {
    await expect(check('node:\n  - {nam: one}\n')).rejects.toMatchObject({
      problems: [expect.objectContaining({ location: expect.objectContaining({ line: 2 }) })],
    });
    await expect(check('nodes:\n  - {name: one}\n')).rejects.toMatchObject({
      problems: [expect.objectContaining({ code: 'unknown-role' })],
    });
    await expect(check('node:\n  - {name: two}\n')).rejects.toMatchObject({
      problems: [expect.objectContaining({ message: 'there is no folder two beside this file' })],
    });
  });
});
