import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { Ledger } from '../../src/model/ledger.ts';
import type { HostPlan } from '../../src/model/plan.ts';
import { textOf } from '../../src/plan/items.ts';
import { stageOf } from '../support/host-plan.ts';
import { sampled } from '../support/sample.ts';
import { inventoryOf, planFor, planOf, sample, snapshotsOf } from '../support/sample-cluster.ts';

/**
 * A node that goes from release to release, with a run after each of them, and leaves the cluster in the end:
 * then it has what it would have had without a cluster.
 */

type Entry = string | { readonly link: string };
/** Every file and link of a host. */
type Tree = Map<string, Entry>;

const chain = ['2.4', '2.6', '3.0', '3.0.28', '4.0', '4.1'] as const;

const trees = new Map<string, Tree>();
function treeOf(version: string): Tree {
  const known = trees.get(version);
  if (known !== undefined) return known;
  const tree: Tree = new Map();
  const entries = readdirSync(sample(version), { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const real = join(entry.parentPath, entry.name);
    const path = real.slice(sample(version).length);
    if (lstatSync(real).isSymbolicLink()) tree.set(path, { link: readlinkSync(real) });
    else if (entry.isFile()) tree.set(path, readFileSync(real, 'utf8'));
  }
  trees.set(version, tree);
  return tree;
}

/** Files that packages bring, renew and take away; all others are the operator's, or made once. */
function isPackaged(path: string): boolean {
  return /^\/(usr|etc\/nginx|etc\/bigbluebutton\/nginx)\/|-release$/.test(path);
}

/** What an upgrade of the packages makes of a host; or a downgrade, as when a machine is set up again. */
function upgraded(tree: Tree, from: string, to: string): Tree {
  const brought = [...treeOf(to)].filter(
    ([path]) => isPackaged(path) || (path.startsWith('/etc/default/') && !tree.has(path)),
  );
  const kept = [...tree].filter(([path]) => !isPackaged(path) || !treeOf(from).has(path));
  return new Map([...kept, ...brought]);
}

interface Host {
  readonly version: string;
  readonly tree: Tree;
  readonly ledger: Ledger | undefined;
}

const inventoryText = (state: string, vars: string) => `playbook: bigbluebutton
cluster: {name: prod, hostname: bbb-proxy.example.com}
vars: {${vars}}
hosts:
  proxy: external
  node:
    - {name: bbb-01, hostname: bbb-01.example.com${state}}
`;

function planOn(host: Host, inventory: Inventory): HostPlan {
  const fake = {
    files: Object.fromEntries(host.tree),
    ...(host.ledger && { ledger: host.ledger }),
  };
  return planFor(planOf(inventory, snapshotsOf(inventory, { 'bbb-01': fake })), 'bbb-01');
}

/** The host after its plan has been carried out; nothing may be said about what is no longer wanted. */
function run(host: Host, inventory: Inventory): Host {
  const plan = planOn(host, inventory);
  expect(plan.problem, `${host.version}: ${plan.problem?.message}`).toBeUndefined();
  const ofRelease = /^the client of this release/;
  expect(
    plan.warnings.filter((words) => !ofRelease.test(words)),
    host.version,
  ).toEqual([]);
  const { changes, ledger } = stageOf(plan);
  const tree = new Map(host.tree);
  for (const { path, after } of changes) {
    if (after.kind === 'file') tree.set(path, textOf(after) ?? '');
    else if (after.kind === 'absent') tree.delete(path);
  }
  return { ...host, tree, ledger };
}

/** How a host differs from another one, but for a line that the next call of bbb-conf would append. */
function differences(tree: Tree, other: Tree): readonly string[] {
  const at = (one: Tree, path: string) =>
    JSON.stringify(one.get(path))?.replace('bigbluebutton.web.logoutURL=default\\n', '');
  return [...new Set([...tree.keys(), ...other.keys()])].filter((path) => at(tree, path) !== at(other, path));
}

/** Through these releases, with a run after each, and out of the cluster after the last one. */
async function journey(versions: readonly string[], modes: readonly string[]) {
  let host: Host | undefined;
  let untouched: Tree = new Map();
  for (const [index, version] of versions.entries()) {
    const before = host;
    untouched = before === undefined ? treeOf(version) : upgraded(untouched, before.version, version);
    const tree = before === undefined ? untouched : upgraded(before.tree, before.version, version);
    const vars = `client_locations: ${modes[index % modes.length]}`;
    host = run({ version, tree, ledger: before?.ledger }, await inventoryOf(inventoryText('', vars)));
    const again = planOn(host, await inventoryOf(inventoryText('', vars)));
    expect(stageOf(again).changes.map(({ path }) => path)).toEqual([]);
  }
  if (host === undefined) throw new Error('no release');
  const retired = run(
    host,
    await inventoryOf(inventoryText(', state: retired', `client_locations: ${modes[0]}`)),
  );
  return { host, untouched, retired };
}

const old = '/etc/bigbluebutton/nginx/zz-clusterproxy.nginx';

async function with26(): Promise<Host> {
  const host: Host = { version: '2.6', tree: treeOf('2.6'), ledger: undefined };
  return run(host, await inventoryOf(inventoryText('', '')));
}

function as30(host: Host): Host {
  return { ...host, version: '3.0', tree: upgraded(host.tree, '2.6', '3.0') };
}

const back = [...chain].reverse();
const journeys = [chain, back].flatMap((direction) =>
  direction.map((_, index) => direction.slice(0, index + 1)),
);

describe.each(sampled(journeys).map((versions) => [versions.join(' → '), versions] as const))(
  '%s',
  (_, versions) => {
    it('leaves nothing of ours behind, and the packages’ files as the packages have them', async () => {
      const { host, untouched, retired } = await journey(versions, ['own-file']);
      const ours = [...host.tree.keys()].filter((path) => !untouched.has(path) && path.endsWith('.nginx'));
      expect(ours).toHaveLength(1);
      const packaged = differences(host.tree, untouched).filter(
        (path) => isPackaged(path) && untouched.has(path),
      );
      expect(packaged).toEqual([]);
      expect(differences(retired.tree, untouched)).toEqual([]);
    });
  },
);

describe("client_locations: stock-file, in the package's file", () => {
  it.each([
    ['through releases', ['2.4', '2.6', '3.0-meteor'], ['stock-file']],
    ['to the other mode and back', ['2.6', '2.6', '2.6'], ['stock-file', 'own-file']],
    ['to the other mode with an upgrade', ['2.4', '2.6', '3.0'], ['stock-file', 'own-file', 'own-file']],
    ['from the other mode with an upgrade', ['2.4', '2.6'], ['own-file', 'stock-file']],
  ])('%s', async (_, versions, modes) => {
    const { untouched, retired } = await journey(versions, modes);
    expect(differences(retired.tree, untouched)).toEqual([]);
  });
});

describe('our own file under the name of another recipe', () => {
  it('keeps the lines that somebody else has added to it, and no others', async () => {
    const host = await with26();
    const edited = `${host.tree.get(old)}location /news { return 204; }\n`;
    const upgrade = as30({ ...host, tree: new Map([...host.tree, [old, edited]]) });
    const plan = planOn(upgrade, await inventoryOf(inventoryText('', '')));
    expect(plan.warnings).toEqual([
      `${old} is no longer needed, but somebody has added lines of their own to it; those stay`,
    ]);
    const after = stageOf(plan).changes.find(({ path }) => path === old)?.after;
    const left = textOf(after ?? { kind: 'absent' })?.split('\n');
    expect(left?.filter((line) => !/^(#|$)/.test(line))).toEqual(['location /news { return 204; }']);
  });

  it('goes where version 0.1 had emptied and forgotten it', async () => {
    const host = await with26();
    const text = String(host.tree.get(old));
    const forgotten = text.slice(0, text.indexOf('\nlocation'));
    expect(forgotten).toContain('set $bbb_loadbalancer_node');
    const items = host.ledger?.items.filter(({ path }) => path !== old) ?? [];
    const upgrade = as30({
      ...host,
      tree: new Map([...host.tree, [old, forgotten]]),
      ledger: host.ledger && { ...host.ledger, items },
    });
    expect(run(upgrade, await inventoryOf(inventoryText('', ''))).tree.has(old)).toBe(false);
  });
});
