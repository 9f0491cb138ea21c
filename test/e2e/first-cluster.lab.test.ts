import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installBigBlueButton, installProxy, untilServing } from '../lab/bigbluebutton/install.ts';
import type { LabHost } from '../lab/host.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { fencedBlocks } from '../support/fenced-blocks.ts';
import { closeTerminals } from '../terminal/terminal.ts';
import { type Answers, Person, prepareDesk } from './desk.ts';
import { noLab, useLab } from './lab.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/first-cluster.md'), 'utf8');
const blocks = fencedBlocks(page);
const cluster = 'bbb.example.com';
const password = 'first-cluster';

/** What the page, or the program that asks, says that a person is to answer. */
const answers: Answers = [
  [/passphrase[^:]*: $/, ''],
  [/\(yes\/no(?:\/\[fingerprint\])?\)\? $/, 'yes'],
  [/ops@[\w.-]+'s password: $/, password],
  [/\[sudo\] password for ops: $/, password],
  [/\[y\/N\] $/, 'y'],
  [/◆ +Write this to clusterproxy\.yaml\?/, ''],
];

/**
 * As an administrator leaves it: an account that may use sudo with its password, by a rule in a file of its
 * own, and that nobody's key opens.
 */
async function asInstalled(host: LabHost): Promise<void> {
  const steps = `
echo 'ops:${password}' | chpasswd
rm -f /home/ops/.ssh/authorized_keys /etc/sudoers.d/lab
echo 'ops ALL=(ALL:ALL) ALL' > /etc/sudoers.d/ops
chmod 0440 /etc/sudoers.d/ops`;
  await host.mustExec(['sh', '-ceu', steps]);
}

describe.skipIf(noLab)('docs/first-cluster.md, word by word', () => {
  const lab = useLab();
  let person: Person;
  let hosts: readonly LabHost[];

  beforeAll(async () => {
    hosts = await lab().addHosts([
      { name: 'desk', prepare: prepareDesk },
      {
        name: 'first-proxy',
        hostnames: [cluster],
        prepare: async (host) => {
          await asInstalled(host);
          await installProxy(host);
          const live = `/etc/letsencrypt/live/${cluster}`;
          await host.mustExec(
            `mkdir -p ${live} && cp ${CERTIFICATE.fullchain} ${CERTIFICATE.privateKey} ${live}`,
          );
        },
      },
      ...['bbb-01', 'bbb-02'].map((name) => ({
        name,
        prepare: async (host: LabHost) => {
          await asInstalled(host);
          await installBigBlueButton(host, '3.0');
        },
      })),
    ]);
    const [desk, , ...nodes] = hosts as readonly [LabHost, ...LabHost[]];
    await Promise.all(nodes.map((node) => untilServing(node, '3.0')));
    person = new Person(lab(), desk, answers);
  });
  afterAll(closeTerminals);

  it.each(blocks.map((block) => [block.line, block.text, block.language] as const))(
    'line %i: %s',
    async (_line, text, language) => {
      expect(language, 'every block of this page is run').toBe('sh');
      const { shown, status } = await person.types(text);
      expect(status, shown).toBe(0);
      if (process.env.CLUSTERPROXY_SHOW === '1') console.log(shown);
    },
  );

  it('leaves a cluster that answers under one name, and hosts that know nothing of a failure', async () => {
    const { shown, status } = await person.types('clusterproxy check --json');
    expect(status, shown).toBe(0);
    expect(shown.match(/"status": "in-sync"/g)).toHaveLength(3);
  });
});
