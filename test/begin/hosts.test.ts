import { describe, expect, it } from 'vitest';
import { foundWarnings } from '../../src/begin/completed.ts';
import { doorRole } from '../../src/begin/door-role.ts';
import type { Draft, DraftSsh } from '../../src/begin/draft.ts';
import { parseEntries } from '../../src/begin/entry.ts';
import { reachedByAlias } from '../../src/begin/from/listed-host.ts';
import { readList } from '../../src/begin/from/read-list.ts';
import { asConfigured } from '../../src/begin/from-lists.ts';
import { inventoryText } from '../../src/begin/inventory-text.ts';
import type { FoundHost } from '../../src/model/begun.ts';
import { resultWithoutHosts } from '../../src/model/result.ts';
import { loadPlaybook } from '../../src/playbook/read/load.ts';
import { readText } from '../../src/playbook/resolve/load-inventory.ts';
import { renderFound } from '../../src/report/terminal/begun.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { documentOf } from '../report/documents.ts';

const playbook = await loadPlaybook('bigbluebutton', process.cwd());
const proxy: FoundHost = {
  ...{ name: 'proxy-1', role: 'proxy', place: '192.0.2.5', reached: true, user: 'ops', root: 'sudo' },
  ...{ programs: ['nginx'], publicNames: [], certificates: [] },
};

it.each(['a b,c', ' a;b\tc, ', 'a,,b c'])('hosts at one question: %j', (text) => {
  expect(parseEntries('node', text).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});

it('a host with a name of its own among several', () => {
  expect(parseEntries('node', 'bbb-01 = ops@192.0.2.11:2222 bbb-02.example.com')).toEqual([
    { role: 'node', name: 'bbb-01', address: '192.0.2.11', user: 'ops', port: 2222 },
    { role: 'node', hostname: 'bbb-02.example.com' },
  ]);
  expect(() => parseEntries('node', ' , ')).toThrow(/no address/);
});

describe('who logs in by the ssh configuration that an inventory uses', () => {
  const text = 'Host a\n  HostName 192.0.2.1\n  User ada\nHost b\n  HostName 192.0.2.2\n';
  const hosts = readList('config', text, undefined).hosts.map(reachedByAlias);
  const usersWith = (everywhere: string | undefined) => {
    const named = hosts.map(({ name, address, user }) => ({ role: 'node', name, address, user }));
    return asConfigured(named, new Set(['a', 'b']), everywhere).map(({ user }) => user);
  };

  it('is left to it, unless somebody else is named for all hosts', () => {
    expect(usersWith(undefined)).toEqual([undefined, undefined]);
    expect(usersWith('ada')).toEqual([undefined, undefined]);
    expect(usersWith('ops')).toEqual(['ada', undefined]);
  });
});

describe('how commands run as root', () => {
  const text = async (ssh: DraftSsh) => {
    const draft: Draft = {
      ...{ playbook: 'bigbluebutton', cluster: { name: 'prod', hostname: 'bbb.example.com' }, ssh },
      external: ['proxy'],
      hosts: [
        { role: 'node', name: 'a', hostname: 'a.example.com' },
        { role: 'node', name: 'b', hostname: 'b.example.com', user: 'ada' },
        { role: 'node', name: 'c', hostname: 'c.example.com', user: 'root' },
      ],
    };
    const written = inventoryText(draft, ['proxy', 'node']);
    const { hosts } = await readText({ file: 'prod.yaml', text: written });
    return hosts.map(({ ssh: { user, become } }) => `${user ?? ''} ${become ?? 'none'}`);
  };

  it('is said of each who does not log in as root, where root does otherwise', async () => {
    expect(await text({ user: 'root', become: undefined })).toEqual(['root none', 'ada sudo', 'root none']);
    expect(await text({ user: 'root', become: 'none' })).toEqual(['root none', 'ada none', 'root none']);
    expect(await text({ user: 'ops', become: 'sudo' })).toEqual(['ops sudo', 'ada sudo', 'root sudo']);
  });
});

describe('what was found on a proxy', () => {
  const shown = (found: Partial<FoundHost>) => {
    const begun = { hosts: [{ ...proxy, ...found }], read: [] };
    const document = documentOf(resultWithoutHosts('init'), { begun });
    return renderFound(document, makeStyle({ columns: 200, color: false, verbose: false })).join('\n');
  };

  it('is said, product or not', () => {
    expect(shown({})).toMatch(/^proxy-1 \(proxy\): nginx, with no known product;/);
    expect(shown({ recipe: 'nginx' })).toContain('nginx, with no known product, fit for the recipe nginx;');
    expect(shown({ programs: [] })).toContain('proxy-1 (proxy): no known product;');
  });

  const warnings = (names: readonly string[], more: Partial<FoundHost> = {}) =>
    foundWarnings(
      [],
      [{ ...proxy, certificates: [{ file: '/a.pem', names, until: '2027-01-01T00:00:00Z' }], ...more }],
      { playbook: 'bigbluebutton', hostname: 'bbb.example.com', roles: playbook.roles },
    );

  it.each([[['bbb.example.com']], [['BBB.example.com', 'other.example.com']], [['*.example.com']]])(
    'its certificate is for %j',
    (names) => {
      expect(warnings(names)).toEqual([]);
    },
  );

  it.each([[[]], [['example.com']], [['*.bbb.example.com']], [['*.com']]])(
    'it has none for the name if it has one for %j',
    (names) => {
      expect(warnings(names)).toEqual([
        expect.stringContaining('no certificate for bbb.example.com was found on proxy-1'),
      ]);
      // What isn't seen may be there.
      expect(warnings(names, { root: undefined })).toEqual([]);
      expect(warnings(names, { reached: false })).toEqual([]);
    },
  );

  it('it needs none if browsers do not reach it by the name of the cluster', () => {
    expect(warnings([], { name: 'scalelite', role: 'balancer' })).toEqual([]);
  });

  it.each([
    ['bigbluebutton', 'proxy'],
    ['averox', 'proxy'],
    ['wcs', 'balancer'],
    ['antmedia', 'balancer'],
  ])('browsers reach a cluster of %s by its %s', async (name, role) => {
    const { roles } = await loadPlaybook(name, process.cwd());
    expect(doorRole(roles)?.name).toBe(role);
  });
});
