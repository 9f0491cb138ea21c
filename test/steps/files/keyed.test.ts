import { describe, expect, it } from 'vitest';
import { noReads } from '../../../src/model/reads.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import { planCluster } from '../../../src/plan/forward/plan-cluster.ts';
import { carriedOutHost, planWith, wantedStep, wants, withState } from '../../support/recorded-run.ts';
import { mistakes, runStep } from '../../support/run-step.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

/** Why a host can't be planned for these steps. */
function refusalOf(snapshot: Snapshot, steps: Parameters<typeof wants>[0]) {
  const host = { name: 'a', role: 'node', snapshot, problem: undefined, durationMs: 0 };
  const input = { cluster: 'prod', playbook: 'test', hosts: [host], crossChecks: [] };
  return planCluster({ ...input, resolve: wants(steps) })[0]?.problem;
}

const web = '/etc/bigbluebutton/bbb-web.properties';
const settings = '/etc/bigbluebutton/bbb-html5.yml';

describe('properties', () => {
  it('sets its keys and leaves every other byte', () => {
    const before = '# Ours\nsecuritySalt=s3cret\r\n  defaultMaxUsers : 7\npresentationBaseURL=old';
    const { text, managed } = runStep(
      'properties',
      { path: web, set: { presentationBaseURL: 'https://bbb-01.example.com/x', 'a.b.c': 3 } },
      { files: { [web]: before } },
    );
    expect(text(web)).toContain(
      '# Ours\nsecuritySalt=s3cret\r\n  defaultMaxUsers : 7\npresentationBaseURL=https',
    );
    expect(text(web)).toMatch(/^a\.b\.c=3$/m);
    expect(managed.map(({ key }) => key)).toEqual([['presentationBaseURL'], ['a.b.c']]);
  });

  it('sets a default only where the key is absent, and never owns it', () => {
    const parameters = { path: web, default: { 'bigbluebutton.web.logoutURL': 'default' } };
    const kept = runStep('properties', parameters, {
      files: { [web]: 'bigbluebutton.web.logoutURL=https://example.com\n' },
    });
    expect(kept.changed).toEqual([]);
    const added = runStep('properties', parameters, { files: { [web]: 'x=1\n' } });
    expect(added.text(web)).toBe('x=1\nbigbluebutton.web.logoutURL=default\n');
    expect([...kept.managed, ...added.managed]).toEqual([]);
  });

  it('removes keys', () => {
    const { text } = runStep('properties', { path: web, remove: ['a'] }, { files: { [web]: 'a=1\nb=2\n' } });
    expect(text(web)).toBe('b=2\n');
  });

  it('makes a file with mode and owner, and leaves those of a file that is there', () => {
    const parameters = {
      path: '/etc/new/x.properties',
      set: { a: '1' },
      mode: '0640',
      group: 'bigbluebutton',
    };
    const made = runStep('properties', parameters, {});
    expect(made.host.state('/etc/new/x.properties')).toMatchObject({
      mode: 0o640,
      user: 'root',
      group: 'bigbluebutton',
    });
    expect(made.changed).toEqual(['/etc/new', '/etc/new/x.properties']);
    const there = runStep('properties', parameters, { files: { '/etc/new/x.properties': 'b=2\n' } });
    expect(there.host.state('/etc/new/x.properties')).toMatchObject({ mode: 0o644, group: 'root' });
  });

  it('refuses to make a file that belongs to an installer', () => {
    expect(() => runStep('properties', { path: web, create: false, set: { a: '1' } }, {})).toThrow(
      expect.objectContaining({ code: 'file-missing' }),
    );
  });

  it('says that a file is gone in which an earlier run has set something', () => {
    const other = '/etc/bigbluebutton/other.properties';
    const steps = [web, other].map((path) =>
      wantedStep(path, 'properties', { path, create: false, set: { a: '2' } }),
    );
    const folder = '/etc/bigbluebutton';
    const files = { [web]: 'a=1\n', [other]: 'a=1\n' };
    const fresh = snapshotOf({ name: 'a', files }, { ...noReads, paths: [web, other, folder, '/etc'] });
    const done = carriedOutHost(planWith({ ...fresh, packageManager: 'apt-get' }, steps));
    const refusal = (...gone: readonly string[]) => {
      const without = gone.reduce((host, path) => withState(host, path, { kind: 'absent' }), done);
      return refusalOf(without, steps);
    };
    expect(refusal(web)).toMatchObject({
      code: 'file-gone',
      message: `${web} is gone: an earlier run has set something in it, and it was removed since`,
      next: expect.stringContaining(`dpkg -S ${web} tells which; apt-get install --reinstall`),
    });
    // With its folder, it is the software that is gone.
    expect(refusal(web, other, folder)).toMatchObject({ code: 'file-missing' });
  });

  it('has nothing to remove from a file that is not there', () => {
    expect(runStep('properties', { path: web, remove: ['a'] }, {}).changed).toEqual([]);
  });

  it('says what is wrong with its parameters', () => {
    expect(mistakes('properties', { path: 'etc/x', set: { a: '1' } })).toEqual([
      'path: expected an absolute path without a slash at its end',
    ]);
    expect(mistakes('properties', { path: web, set: { a: ['1'] } })).toEqual([
      'set.a: expected a text, a number, true or false',
    ]);
    expect(mistakes('properties', { path: web, mode: 644 })).toEqual([
      "mode: expected permission bits in quotes, such as '0644': without quotes YAML reads a decimal number",
    ]);
    expect(mistakes('properties', { path: web, keys: {} })).toEqual([': Unrecognized key: "keys"']);
  });
});

describe('yaml', () => {
  it('sets a nested map leaf by leaf, so that what stands beside it stays', () => {
    const before = 'public:\n  app: # ours\n    clientTitle: "School"\n    basename: /html5client\n';
    const { text, managed } = runStep(
      'yaml',
      {
        path: settings,
        set: { public: { app: { basename: '/bbb-01/html5client' }, pads: { url: 'https://x/pad' } } },
      },
      { files: { [settings]: before } },
    );
    expect(text(settings)).toBe(
      `public:\n  app: # ours\n    clientTitle: "School"\n    basename: /bbb-01/html5client\n  pads:\n    url: 'https://x/pad'\n`,
    );
    expect(managed.map(({ key }) => key.join('.'))).toEqual(['public.app.basename', 'public.pads.url']);
  });

  it('adds items to a list once', () => {
    const { text } = runStep(
      'yaml',
      { path: settings, add: { public: { origins: ['b', 'a'] } } },
      { files: { [settings]: 'public:\n  origins: [a]\n' } },
    );
    expect(text(settings)).toBe('public:\n  origins: [a, b]\n');
  });

  it('points at what it can not edit', () => {
    expect(() =>
      runStep('yaml', { path: settings, set: { a: 1 } }, { files: { [settings]: 'a: [1\nb: 2\n' } }),
    ).toThrow(
      expect.objectContaining({
        problem: expect.objectContaining({
          code: 'file-not-understood',
          // The place is told once, in front of the message.
          message: expect.not.stringMatching(/html5|settings|line/),
          location: expect.objectContaining({ file: settings, line: 2 }),
        }),
      }),
    );
  });

  it('wants lists to add', () => {
    expect(mistakes('yaml', { path: settings, add: { a: { b: 1 } } })).toEqual([
      'add.a.b: expected a list of items to add',
    ]);
  });
});

describe('shell-env', () => {
  const path = '/etc/default/bbb-graphql-server';

  it('sets one variable and leaves the secrets beside it', () => {
    const before = 'HASURA_GRAPHQL_ADMIN_SECRET=abc\n#HASURA_GRAPHQL_CORS_DOMAIN=x\n';
    const { text } = runStep(
      'shell-env',
      { path, create: false, set: { HASURA_GRAPHQL_CORS_DOMAIN: 'https://bbb-proxy.example.com' } },
      { files: { [path]: before } },
    );
    expect(text(path)).toContain(before);
    expect(text(path)).toMatch(/^HASURA_GRAPHQL_CORS_DOMAIN="?https:\/\/bbb-proxy\.example\.com"?$/m);
  });

  it('wants names of variables', () => {
    expect(mistakes('shell-env', { path, set: { 'a-b': '1' } })[0]).toContain('set.a-b');
  });
});

describe('json', () => {
  const path = '/etc/bigbluebutton/etherpad.json';

  it('makes a file, and adds to a list that is there', () => {
    const parameters = { path, add: { cluster_proxies: ['https://bbb-proxy.example.com'] } };
    const made = runStep('json', parameters, {});
    expect(JSON.parse(made.text(path) ?? '')).toEqual({ cluster_proxies: ['https://bbb-proxy.example.com'] });
    const added = runStep('json', parameters, {
      files: { [path]: '{\n\t"cluster_proxies": [\n\t\t"https://other.example.org"\n\t],\n\t"x": 1\n}\n' },
    });
    expect(added.text(path)).toBe(
      '{\n\t"cluster_proxies": [\n\t\t"https://other.example.org",\n\t\t"https://bbb-proxy.example.com"\n\t],\n\t"x": 1\n}\n',
    );
  });
});
