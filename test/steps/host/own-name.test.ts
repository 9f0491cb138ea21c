import { describe, expect, it } from 'vitest';
import { mistakes, runStep } from '../../support/run-step.ts';
import {
  freshHosts,
  inventoryOf,
  inventoryText,
  planFor,
  planOf,
  sampleNode,
  snapshotsOf,
} from '../../support/sample-cluster.ts';

const own = '/etc/bigbluebutton/bbb-web.properties';
const stock = '/usr/share/bbb-web/WEB-INF/classes/bigbluebutton.properties';
const parameters = {
  hostname: 'bbb-01.example.com',
  files: [own, stock],
  key: 'bigbluebutton.web.serverURL',
  hosts: [
    { name: 'bbb-01', hostname: 'bbb-01.example.com' },
    { name: 'bbb-02', hostname: 'bbb-02.example.com' },
  ],
};
const says = (value: string) => ({ files: { [own]: `a=b\nbigbluebutton.web.serverURL=${value}\n` } });

describe('own-name', () => {
  it.each([
    ['the same name', 'https://bbb-01.example.com'],
    ['without TLS of its own', 'http://bbb-01.example.com'],
    ['in capitals', 'HTTPS://BBB-01.Example.COM'],
    ['with a slash', 'https://bbb-01.example.com/'],
    ['with the port of its scheme', 'https://bbb-01.example.com:443'],
    ['with a dot at the end', 'https://bbb-01.example.com.'],
    ['a bare name', 'bbb-01.example.com'],
    ['nothing', ''],
    ['no address', 'https://[not an address'],
  ])('has nothing to say of %s', (_, value) => {
    const { warnings, changed, managed } = runStep('own-name', parameters, says(value));
    expect([warnings, changed, managed]).toEqual([[], [], []]);
  });

  it('warns of another name, with both', () => {
    expect(runStep('own-name', parameters, says('https://meet.example.org')).warnings).toEqual([
      `this host calls itself meet.example.org (bigbluebutton.web.serverURL in ${own}), and the inventory calls it bbb-01.example.com: if that is not a name of this host as well, correct \`hostname\` or \`address\` in the inventory before anything is changed`,
    ]);
    expect(runStep('own-name', parameters, says('https://192.0.2.7')).warnings[0]).toContain(
      'itself 192.0.2.7',
    );
  });

  it('warns of a port that the addresses written for the host would lack', () => {
    expect(runStep('own-name', parameters, says('https://bbb-01.example.com:8443')).warnings).toEqual([
      `bigbluebutton.web.serverURL in ${own} has port 8443, and the addresses that are written for this host have none`,
    ]);
  });

  it('goes by the operator’s file, and by the package’s if that says nothing', () => {
    const line = 'bigbluebutton.web.serverURL=https://bbb-01.example.com\n';
    const other = 'bigbluebutton.web.serverURL=http://bigbluebutton.example.com\n';
    expect(runStep('own-name', parameters, { files: { [own]: line, [stock]: other } }).warnings).toEqual([]);
    expect(runStep('own-name', parameters, { files: { [own]: '', [stock]: other } }).warnings[0]).toContain(
      stock,
    );
    expect(runStep('own-name', parameters, { files: {} }).warnings).toEqual([]);
  });

  it('leaves a file that can not be read to the step that edits it', () => {
    const files = { [own]: 'bigbluebutton.web.serverURL=\\u12\n' };
    expect(runStep('own-name', parameters, { files }).warnings).toEqual([]);
  });

  it('has parameters that are checked', () => {
    expect(mistakes('own-name', { ...parameters, hostname: 'a b' })).toEqual([
      'hostname: expected a host name',
    ]);
    expect(mistakes('own-name', { ...parameters, hosts: '' })).toEqual([]);
  });
});

describe('two swapped lines of an inventory', () => {
  const swapped = inventoryText
    .replace('hostname: bbb-02.example.com', 'hostname: bbb-02.example.com, address: bbb-03.example.com')
    .replace('hostname: bbb-03.example.com', 'hostname: bbb-03.example.com, address: bbb-02.example.com');

  async function problems(text: string, hosts = freshHosts()) {
    const inventory = await inventoryOf(text);
    const plans = planOf(inventory, snapshotsOf(inventory, hosts));
    return Object.fromEntries(plans.map(({ host, problem }) => [host, problem]));
  }

  it('are found before anything is changed, on the proxy as well', async () => {
    const hosts = freshHosts();
    const found = await problems(swapped, {
      ...hosts,
      // What answers at the swapped addresses.
      'bbb-02': sampleNode('3.0', 'bbb-03'),
      'bbb-03': sampleNode('2.6', 'bbb-02'),
    });
    expect(found['bbb-01']).toBeUndefined();
    expect(found['bbb-02']).toMatchObject({
      code: 'another-hosts-name',
      message: `bbb-02 is bbb-02.example.com in the inventory, and calls itself bbb-03.example.com (bigbluebutton.web.serverURL in ${own}), which is the hostname of bbb-03`,
      next: expect.stringContaining('bbb-conf --setip bbb-02.example.com'),
    });
    expect(found['bbb-03']).toMatchObject({ code: 'another-hosts-name', host: 'bbb-03' });
    expect(found['proxy-1']).toMatchObject({ code: 'another-hosts-name', host: 'proxy-1' });
  });

  it('are no fault of a host that has the name of the inventory', async () => {
    expect(Object.values(await problems(inventoryText)).filter((one) => one !== undefined)).toEqual([]);
  });

  it('a clone that still has the name of its original is refused', async () => {
    const found = await problems(inventoryText, { ...freshHosts(), 'bbb-03': sampleNode('3.0', 'bbb-02') });
    expect(found['bbb-03']).toMatchObject({ code: 'another-hosts-name' });
    expect(found['bbb-02']).toBeUndefined();
  });

  it('a node with a name of its own is changed, with a warning', async () => {
    const inventory = await inventoryOf();
    const hosts = { ...freshHosts(), 'bbb-03': sampleNode('3.0', 'meet') };
    const plan = planFor(planOf(inventory, snapshotsOf(inventory, hosts)), 'bbb-03');
    expect(plan.problem).toBeUndefined();
    expect(plan.warnings.join()).toContain('this host calls itself meet.example.com');
  });
});
