import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import { OperatorError } from '../../../src/model/operator-error.ts';
import { queriesIn, queryKey } from '../../../src/model/reads.ts';
import type { PathState, Snapshot } from '../../../src/model/snapshot.ts';
import { type ClusterView, viewCluster } from '../../../src/playbook/resolve/contexts.ts';
import { leniently, resolveHealth } from '../../../src/playbook/resolve/handlers.ts';
import { downWords, healthWarnings } from '../../../src/playbook/resolve/health.ts';
import { readsOf } from '../../../src/playbook/resolve/reads.ts';
import { type ResolvedStep, resolveHost } from '../../../src/playbook/resolve/resolve.ts';
import { loadText } from '../../inventory/load-text.ts';
import { emptySnapshot } from '../../support/snapshot.ts';

const text = `playbook: ./cluster.yaml
cluster: {name: prod, hostname: bbb.example.com}
hosts:
  proxy: [{name: proxy-1}]
  node:
    - {name: old, hostname: old.example.com}
    - {name: new, hostname: new.elsewhere.example, vars: {restart: full}}
    - {name: forced, hostname: forced.example.com, recipe: '2.4'}
    - {name: gone, hostname: gone.example.com}
`;
let inventory: Inventory;

beforeAll(async () => {
  inventory = await loadText(text);
});

const owner = { mode: 0o644, user: 'root', group: 'root' };
const file = (content: string): PathState => ({ kind: 'file', content: Buffer.from(content), ...owner });

const snapshot = (host: string, parts: Partial<Snapshot> = {}): Snapshot => ({
  ...emptySnapshot(host),
  ...parts,
});

const release = (version: string) => new Map([['/etc/release', file(`X=1\nRELEASE=${version}.7\n`)]]);
const loaded = { load: 'loaded', active: 'active', sub: 'running', enabled: 'enabled' };

function view(parts: Record<string, Partial<Snapshot>>): ClusterView {
  return viewCluster(
    inventory,
    new Map(Object.entries(parts).map(([name, part]) => [name, snapshot(name, part)])),
  );
}

/** The parameter `lines` of a step, which is a list of hosts here. */
function linesOf(step: ResolvedStep | undefined): readonly Record<string, unknown>[] {
  return z.object({ lines: z.array(z.record(z.string(), z.unknown())) }).parse(step?.parameters).lines;
}

function problemOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (error instanceof OperatorError) return error.problem;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('facts', () => {
  const facts = (parts: Partial<Snapshot>) => view({ old: parts }).hosts.get('old')?.facts;

  it('are false and empty on a bare host', () => {
    const cluster = view({ old: {} });
    expect(cluster.hosts.get('old')?.problem?.code).toBe('unknown-version');
    expect(view({ forced: {} }).hosts.get('forced')?.facts).toEqual({
      release: '',
      helper: false,
      tool: '',
      meteor: false,
      cors: false,
    });
  });

  it('come from units, packages, paths and files', () => {
    const paths = new Map([
      ...release('2.4'),
      ['/usr/share/app/one.nginx', file('nothing')],
      ['/usr/share/app/two.nginx', file('set $cors 1;')],
      ['/opt/meteor/x', { kind: 'directory', ...owner } as PathState],
    ]);
    const globs = new Map([
      ['/usr/share/app/*.nginx', ['/usr/share/app/one.nginx', '/usr/share/app/two.nginx']],
      ['/opt/meteor/*', ['/opt/meteor/x']],
    ]);
    const packages = new Map([['tool', '1.2-3']]);
    const units = new Map([['helper.service', loaded]]);
    expect(facts({ paths, globs, packages, units })).toEqual({
      release: '2.4',
      helper: true,
      tool: '1.2-3',
      meteor: true,
      cors: true,
    });
  });

  it('look through symbolic links', () => {
    const target = { ...owner, kind: 'file', content: Buffer.from('RELEASE=2.4'), path: '/real' } as const;
    const paths = new Map([
      ['/etc/release', { kind: 'symlink', target: '/real', resolved: target } as PathState],
    ]);
    expect(facts({ paths })?.release).toBe('2.4');
  });

  it('find no text behind a link that leads nowhere, nor in a directory', () => {
    const broken = new Map([['/etc/release', { kind: 'symlink', target: '/gone' } as PathState]]);
    expect(view({ forced: { paths: broken } }).hosts.get('forced')?.facts.release).toBe('');
    const directory = new Map([['/etc/release', { kind: 'directory', ...owner } as PathState]]);
    expect(view({ forced: { paths: directory } }).hosts.get('forced')?.facts.release).toBe('');
  });

  it('can not be known from a file that can not be read', () => {
    const paths = new Map([['/etc/release', { kind: 'unreadable', reason: 'a device' } as PathState]]);
    expect(view({ old: { paths } }).hosts.get('old')?.problem).toMatchObject({
      code: 'fact-unreadable',
      host: 'old',
      message: "the fact release can't be determined: /etc/release is a device",
    });
  });

  it('do not count a unit that systemd does not find', () => {
    const units = new Map([['helper.service', { ...loaded, load: 'not-found' }]]);
    expect(facts({ units, paths: release('2.4') })?.helper).toBe(false);
  });
});

describe('recipes', () => {
  it('are chosen by facts, with their reason and variables', () => {
    const cluster = view({ old: { paths: release('2.3') }, new: { paths: release('3.0') } });
    expect(cluster.hosts.get('old')?.recipe).toEqual({
      name: '2.4',
      reason: 'release 2.3',
      vars: { file: '/etc/old.old', words: ['join'] },
    });
    expect(cluster.hosts.get('new')?.recipe?.vars.answer).toBe('wss://new.elsewhere.example/graphql');
  });

  it('can be forced by the inventory', () => {
    const cluster = view({ forced: { paths: release('3.0') } });
    expect(cluster.hosts.get('forced')?.recipe).toMatchObject({
      name: '2.4',
      reason: 'forced by the inventory',
    });
  });

  it('are never guessed', () => {
    const cluster = view({ old: { paths: release('9.9') } });
    const problem = problemOf(() => resolveHost(cluster, 'old'));
    expect(problem).toMatchObject({
      code: 'unknown-version',
      host: 'old',
      message: 'no recipe for release "9.9"; known recipes: 2.4, 3.0',
    });
  });

  it('need all their conditions', () => {
    const paths = new Map([...release('3.0'), ['/lib/meteor.service', file('')]]);
    expect(view({ old: { paths } }).hosts.get('old')?.problem?.code).toBe('unknown-version');
  });
});

describe('resolveHost', () => {
  const cluster = () =>
    view({
      'proxy-1': {},
      old: { paths: release('2.4'), units: new Map([['helper.service', loaded]]) },
      new: { paths: release('3.0') },
    });

  it('gives a host the steps of its recipe whose conditions hold', () => {
    const host = resolveHost(cluster(), 'old');
    expect(host.steps.map(({ id }) => id)).toEqual(['settings', 'helper', 'rendered']);
    expect(host.steps[0]?.parameters).toEqual({
      path: '/etc/old.old',
      lines: ['old', 'cluster https://bbb.example.com', 4],
    });
    expect(host.steps[0]?.module.name).toBe('note');
    expect(resolveHost(cluster(), 'new').steps.map(({ id }) => id)).toEqual(['settings', 'only-new']);
  });

  it('tells hosts of the same site, by their registrable domain, from others', () => {
    const ids = (name: string) => resolveHost(cluster(), name).steps.map(({ id }) => id);
    expect(ids('old')).toContain('rendered');
    expect(ids('new')).not.toContain('rendered');
  });

  it('drops what notifies a handler that is not for this host', () => {
    expect(resolveHost(cluster(), 'old').steps[0]?.notify).toEqual(['restart-app']);
    expect(resolveHost(cluster(), 'new').steps[0]?.notify).toEqual(['restart-all']);
  });

  it('fills in handlers, guards, health and units', () => {
    const host = resolveHost(cluster(), 'old');
    const query = { kind: 'http', args: ['http://127.0.0.1/old/sessions'] };
    const guards = [{ id: 'sessions', query, description: 'running sessions' }];
    expect(host.guards).toEqual(guards);
    expect(host.handlers).toEqual([
      {
        id: 'reload-app',
        validate: ['app', '--check'],
        actions: [{ kind: 'reload', unit: 'app.service' }],
        checks: [],
        guards: [],
        timeout: 60,
        settle: 3,
        rewrites: [],
      },
      {
        id: 'restart-app',
        validate: undefined,
        actions: [
          { kind: 'daemon-reload' },
          { kind: 'restart', unit: 'app.service' },
          { kind: 'restart', unit: 'helper.service' },
        ],
        checks: [
          { kind: 'active', unit: 'app.service' },
          { kind: 'port', port: 8080 },
          { kind: 'nginx-workers' },
          { kind: 'http', url: 'http://127.0.0.1/', headers: [], contains: ['join'] },
        ],
        guards,
        timeout: 90,
        settle: 5,
        rewrites: [],
      },
    ]);
    expect(host.units).toEqual(['app.service']);
    expect(resolveHost(cluster(), 'new').handlers[1]).toMatchObject({
      actions: [{ kind: 'command', argv: ['app', 'restart', 'new'] }],
      rewrites: ['/etc/app/state'],
    });
  });

  it('shows a proxy all nodes, and which of them could be looked at', () => {
    const [step] = resolveHost(cluster(), 'proxy-1').steps;
    const lines = linesOf(step);
    expect(lines.map(({ name, known, state, hostname }) => [name, known, state, hostname])).toEqual([
      ['old', true, 'active', 'old.example.com'],
      ['new', true, 'active', 'new.elsewhere.example'],
      ['forced', false, 'active', 'forced.example.com'],
      ['gone', false, 'active', 'gone.example.com'],
    ]);
    expect(lines[0]).toMatchObject({ facts: { release: '2.4' }, recipe: { name: '2.4', words: ['join'] } });
    expect(lines[2]).not.toHaveProperty('recipe');
  });

  it('counts a node whose version is unknown as not looked at', () => {
    const [step] = resolveHost(view({ 'proxy-1': {}, old: { paths: release('9.9') } }), 'proxy-1').steps;
    const lines = linesOf(step);
    expect(lines[0]).toMatchObject({ name: 'old', known: false });
  });

  it('renders template files with the full language', () => {
    const step = resolveHost(cluster(), 'old').steps.find(({ id }) => id === 'rendered');
    expect(step?.parameters).toEqual({
      path: '/etc/rendered',
      content: 'old 2.4\nnew 3.0\nforced unknown\ngone unknown\n\n',
    });
  });

  it('names host, step and place where a parameter is wrong once it is filled in', async () => {
    const files = await loadText(text);
    const [, node] = files.playbook.roles;
    const [settings] = node?.steps ?? [];
    const broken = {
      ...files,
      playbook: {
        ...files.playbook,
        roles: files.playbook.roles.map((role) =>
          role.name === 'node' && settings
            ? { ...role, steps: [{ ...settings, parameters: { path: '{{ facts.tool }}', lines: [] } }] }
            : role,
        ),
      },
    };
    const seen = viewCluster(broken, new Map([['old', snapshot('old', { paths: release('2.4') })]]));
    const problem = problemOf(() => resolveHost(seen, 'old'));
    expect(problem).toMatchObject({ code: 'invalid-parameters', host: 'old', step: 'settings' });
    expect(problem.message).toContain('path: expected an absolute path');
    expect(problem.location?.text).toContain('id: settings');
  });

  it('names host and step where a template can not be filled in', async () => {
    const files = await loadText(text);
    const broken = {
      ...files,
      playbook: {
        ...files.playbook,
        roles: files.playbook.roles.map((role) => ({
          ...role,
          steps: role.steps.map((step) => ({
            ...step,
            parameters: { path: '/a', lines: ['{{ host.hostname }}'] },
          })),
        })),
      },
    };
    const seen = viewCluster(broken, new Map([['proxy-1', snapshot('proxy-1')]]));
    expect(problemOf(() => resolveHost(seen, 'proxy-1'))).toMatchObject({
      code: 'template-failed',
      host: 'proxy-1',
      step: 'upstreams',
      message: expect.stringContaining('this host needs a hostname'),
      next: 'add a hostname to the host in the inventory',
    });
  });
});

describe('readsOf', () => {
  const reads = (name: string) => {
    const host = inventory.hosts.find((candidate) => candidate.name === name);
    if (host === undefined) throw new Error(name);
    return readsOf(inventory, host);
  };

  it('asks for facts, and for what the steps of all recipes read', () => {
    const { paths, packages, units } = reads('old');
    expect(paths).toEqual(
      expect.arrayContaining([
        '/etc/release',
        '/usr/share/app/*.nginx',
        '/opt/meteor/*',
        '/etc/old.old',
        '/etc/new',
      ]),
    );
    expect(packages).toEqual(['tool']);
    expect([...units].sort()).toEqual(['app.service', 'helper.service']);
  });

  it('asks for two directories above each path, but not above globs', () => {
    const { paths } = reads('old');
    expect(paths).toEqual(expect.arrayContaining(['/etc/app/deep', '/etc/app', '/etc']));
    expect(paths).not.toContain('/etc/app/deep/');
    expect(paths).not.toContain('/usr/share/app');
    expect(paths).not.toContain('/');
    expect(paths).not.toContain('');
    expect(new Set(paths).size).toBe(paths.length);
  });

  it('asks guards and health in the same probe', () => {
    expect(queriesIn(reads('old')).map(queryKey).sort()).toEqual(
      [
        { kind: 'http', args: ['http://127.0.0.1/old/sessions'] } as const,
        { kind: 'http', args: ['http://127.0.0.1/health'] } as const,
      ]
        .map(queryKey)
        .sort(),
    );
  });

  it('knows the other hosts by name before any of them was looked at', () => {
    expect(reads('proxy-1').paths).toEqual(['/etc/proxy/prod.conf', '/etc/proxy', '/etc']);
  });
});

describe('healthWarnings', () => {
  it('warns of what is down before anything is changed', () => {
    const host = resolveHost(view({ old: { paths: release('2.4') } }), 'old');
    const [, http] = host.health;
    if (http?.kind !== 'http') throw new Error('expected the http check');
    const down = snapshot('old', {
      units: new Map([['app.service', { ...loaded, active: 'failed', sub: 'failed' }]]),
      answers: new Map([[queryKey(http.query), { status: 7, output: '' }]]),
    });
    expect(healthWarnings(host.health, down)).toEqual([
      'app.service is failed (failed) before anything was changed',
      "http://127.0.0.1/health doesn't answer before anything was changed",
    ]);
    const up = snapshot('old', {
      units: new Map([['app.service', loaded]]),
      answers: new Map([[queryKey(http.query), { status: 0, output: '' }]]),
    });
    expect(healthWarnings(host.health, up)).toEqual([]);
  });

  it('misses no unit that is disabled where another one may do its work', () => {
    const check = (uncertain: boolean) => ({ uncertain, kind: 'units', units: ['app.service'] }) as const;
    const stopped = (enabled: string) =>
      snapshot('old', {
        units: new Map([['app.service', { ...loaded, active: 'inactive', sub: 'dead', enabled }]]),
      });
    const words = ['app.service is inactive (dead) before anything was changed'];
    expect(healthWarnings([check(true)], stopped('disabled'))).toEqual([]);
    expect(downWords([check(true)], stopped('disabled'))).toBeUndefined();
    expect(healthWarnings([check(true)], stopped('enabled'))).toEqual(words);
    expect(healthWarnings([check(false)], stopped('disabled'))).toEqual(words);
  });

  it('is asked of hosts for which its condition holds', () => {
    const fill = leniently({});
    const checks = [{ when: { 'facts.kind': ['a'] }, kind: 'units', units: ['a.service'] }] as const;
    expect(resolveHealth(checks, fill, { facts: { kind: 'a' } })).toMatchObject([{ uncertain: false }]);
    expect(resolveHealth(checks, fill, { facts: { kind: 'b' } })).toEqual([]);
    // Before the look at the host.
    expect(resolveHealth(checks, fill, {})).toMatchObject([{ uncertain: true }]);
  });

  it('says nothing of a unit that the host does not have', () => {
    const units = new Map([['app.service', { ...loaded, load: 'not-found', active: 'inactive' }]]);
    const check = { uncertain: false, kind: 'units', units: ['app.service'] } as const;
    expect(healthWarnings([check], snapshot('old', { units }))).toEqual([]);
  });
});
