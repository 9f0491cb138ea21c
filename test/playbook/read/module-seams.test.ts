import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { problemsOf } from '../../../src/model/operator-error.ts';
import { planHostRollback } from '../../../src/plan/rollback/plan-rollback.ts';
import { viewCluster } from '../../../src/playbook/resolve/contexts.ts';
import { byHandTexts } from '../../../src/run/by-hand.ts';
import { itemFormatsOf } from '../../../src/steps/item-formats.ts';
import { stageOf } from '../../support/host-plan.ts';
import { recorded } from '../../support/recorded-run.ts';
import { carriedOut, inventoryOf, planFor, planOf, snapshotsOf } from '../../support/sample-cluster.ts';

/** What a step module may bring beside what it does to a host: nothing outside it knows of them by name. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seams-'));
  writeFileSync(join(folder, 'hosts.mjs'), hosts());
  writeFileSync(join(folder, 'mine.yaml'), playbook());
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Lines `ADDRESS NAME` of a file; key: the name. */
const hosts = (more = '') => `
const lines = (text) => text.split('\\n').filter((line) => line !== '');
const format = {
  name: 'hosts-line',
  get: (text, [name]) => lines(text).find((line) => line.endsWith(' ' + name))?.split(' ')[0],
  set: (text, key, value) => format.remove(text, key) + value + ' ' + key[0] + '\\n',
  remove: (text, [name]) => lines(text).filter((line) => !line.endsWith(' ' + name)).map((line) => line + '\\n').join(''),
};
export default ({ z }) => ({
  name: 'hosts-entry',
  description: 'an entry of /etc/hosts',
  parameters: z.strictObject({ name: z.string(), address: z.string() }),
  reads: () => ({ paths: ['/etc/hosts'] }),
  apply: (host, { name, address }) => {
    const text = host.text('/etc/hosts') ?? '';
    host.manage({ path: '/etc/hosts', format: format.name, key: [name] });
    if (format.get(text, [name]) !== address) host.write('/etc/hosts', format.set(text, [name], address));
  },
  itemFormats: [format],
  crossCheck: {
    name: 'same-address',
    check: (planned) => {
      const said = [...planned].map(([host, { steps }]) => [host, steps[0]?.parameters.address]);
      const other = said.find(([, address]) => address !== said[0][1]);
      return new Map(other === undefined ? [] : [[other[0], { code: 'addresses-differ', message: 'they differ' }]]);
    },
  },
  byHand: ({ name, address }, { hostname }) => [{ title: 'for ' + hostname, text: address + ' ' + name + '\\n' }],
  ${more}
});
`;
const playbook = ({ steps = entry, module = 'hosts.mjs' } = {}) => `
name: mine
description: for tests
modules: [${module}]
variables:
  address: {type: string, description: where it is, default: 192.0.2.9}
roles:
  node: {description: a host, external: true, steps: ${steps}}
cross-checks: [same-address]
`;
const entry = `[{id: cluster, hosts-entry: {name: cluster, address: '{{ vars.address }}'}}]`;
const inventory = (nodes = '[{name: a, hostname: a.example.com}, {name: b, hostname: b.example.com}]') =>
  inventoryOf(`
playbook: ${join(folder, 'mine.yaml')}
cluster: {name: prod, hostname: cluster.example.com}
hosts: {node: ${nodes}}
`);
const etcHosts = { files: { '/etc/hosts': '192.0.2.1 cluster\n192.0.2.2 other\n' } };
const looked = { a: etcHosts, b: etcHosts };

const textOf = (plan: ReturnType<typeof planFor>) =>
  stageOf(plan).changes.map(({ after }) => (after.kind === 'file' ? after.content.toString() : ''));

describe('a step module beside a playbook brings', () => {
  it('an item format, by which what it set is given back', async () => {
    const with_ = await inventory();
    const plans = planOf(with_, snapshotsOf(with_, looked));
    expect(plans.map(({ problem }) => problem)).toEqual([undefined, undefined]);
    expect(textOf(planFor(plans, 'a'))).toEqual(['192.0.2.2 other\n192.0.2.9 cluster\n']);

    const done = carriedOut(plans);
    writeFileSync(join(folder, 'mine.yaml'), playbook({ steps: '[]' }));
    const without = planOf(await inventory(), done);
    expect(textOf(planFor(without, 'a'))).toEqual(['192.0.2.2 other\n192.0.2.1 cluster\n']);
  });

  it('an item format, by which a run is undone beside what others have edited since', async () => {
    const given = await inventory();
    const plan = planFor(planOf(given, snapshotsOf(given, looked)), 'a');
    const now = carriedOut([plan]).get('a');
    const file = now?.paths.get('/etc/hosts');
    if (now === undefined || file?.kind !== 'file') throw new Error('not planned');
    const content = Buffer.from(`${file.content}192.0.2.3 mine\n`);
    const edited = { ...now, paths: new Map([...now.paths, ['/etc/hosts', { ...file, content }]]) };
    const undone = planHostRollback(edited, [recorded(plan, undefined, itemFormatsOf(given.playbook))], {
      force: false,
      formats: itemFormatsOf(given.playbook),
    });
    expect(undone.problem).toBeUndefined();
    const [change] = undone.changes;
    expect(change?.after.kind === 'file' && change.after.content.toString()).toBe(
      '192.0.2.2 other\n192.0.2.3 mine\n192.0.2.1 cluster\n',
    );
  });

  it('a cross-check, which the playbook asks for by its name', async () => {
    const given = await inventory(
      '[{name: a, hostname: a.example.com}, {name: b, hostname: b.example.com, vars: {address: 192.0.2.8}}]',
    );
    const plans = planOf(given, snapshotsOf(given, looked));
    expect(plans.map(({ problem }) => problem?.code)).toEqual([undefined, 'addresses-differ']);
  });

  it('words for an operator where its role is external', async () => {
    const given = await inventory('external');
    expect(byHandTexts(viewCluster(given, new Map()))).toEqual([
      { title: 'for cluster.example.com', text: '192.0.2.9 cluster\n' },
    ]);
  });
});

it('what an earlier run set by a module that is gone is not given back by guessing', async () => {
  const given = await inventory();
  const done = carriedOut(planOf(given, snapshotsOf(given, looked)));
  writeFileSync(join(folder, 'other.mjs'), hosts().replaceAll('hosts-', 'others-'));
  writeFileSync(join(folder, 'mine.yaml'), playbook({ steps: '[]', module: 'other.mjs' }));
  expect(planOf(await inventory(), done).map(({ problem }) => problem?.code)).toEqual([
    'unknown-item-format',
    'unknown-item-format',
  ]);
});

it.each([
  [
    'an item format that is built in',
    "itemFormats: [{ ...format, name: 'yaml' }]",
    'yaml, which is built in',
  ],
  ['an item format of the planner', "itemFormats: [{ ...format, name: 'file' }]", 'file, which is built in'],
  ['an item format without functions', "itemFormats: [{ name: 'x' }]", 'needs itemFormats'],
  ['a cross-check without a function', "crossCheck: { name: 'x' }", 'needs a crossCheck'],
  ['words that are no function', "byHand: 'words'", 'needs a byHand'],
])('a module file with %s is refused', async (_, more, words) => {
  writeFileSync(join(folder, 'hosts.mjs'), hosts(more));
  const problems = await inventory().then(() => [], problemsOf);
  expect(problems).toEqual([
    expect.objectContaining({ code: 'invalid-module', message: expect.stringContaining(words) }),
  ]);
});
