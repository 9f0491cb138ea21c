import { describe, expect, it } from 'vitest';
import { type ConffileDecision, type HostForecast, noUpgrade } from '../../src/model/forecast.ts';
import { reportSchema } from '../../src/report/document/schema.ts';
import { renderForecast } from '../../src/report/terminal/forecast.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { documentOf } from './documents.ts';
import { hostResult, nodePlan, runResult } from './plans.ts';

const upgraded: HostForecast = {
  supported: true,
  recipe: '2.6',
  packages: [
    { name: 'bbb-web', from: '1:2.7.0', to: '1:3.0.30', scripts: ['preinst', 'postinst'] },
    { name: 'bbb-graphql-server', from: undefined, to: '1:3.0.30', scripts: [] },
  ],
  leftOut: [{ file: 'bbb-demo.deb', why: 'not installed here' }],
  replaced: ['/usr/share/a.nginx'],
  removed: ['/usr/share/b.nginx'],
  conffiles: [{ path: '/etc/c.conf', package: 'bbb-web', decision: 'asked', answer: 'keep' }],
  units: { come: ['new.service'], go: ['old.service'] },
};

function documentWith(forecasts: Readonly<Record<string, HostForecast>>) {
  const recipe = { name: '3.0', reason: 'version 3.0 is installed' };
  const hosts = Object.keys(forecasts).map((host) => hostResult(nodePlan(host, { recipe }), 'would-change'));
  return documentOf(runResult(hosts), { forecasts: new Map(Object.entries(forecasts)) });
}

function shown(forecasts: Readonly<Record<string, HostForecast>>, verbose = false): string {
  const style = makeStyle({ columns: 80, color: false, verbose });
  return renderForecast(documentWith(forecasts), style).join('\n');
}

it('tells what the packages change, hosts with the same once', () => {
  expect(shown({ 'node-01': upgraded, 'node-02': upgraded, 'proxy-1': noUpgrade })).toMatchInlineSnapshot(`
    "node-01, node-02: the upgrade itself
      bbb-web: 1:2.7.0 → 1:3.0.30
      bbb-graphql-server: not installed → 1:3.0.30
      recipe 2.6 → 3.0: version 3.0 is installed
      the packages replace /usr/share/a.nginx, in which clusterproxy manages
        something; the plan sets again what still belongs there
      the packages take away /usr/share/b.nginx
      dpkg asks about /etc/c.conf, which was changed here and by bbb-web; the plan
        assumes that the file here stays (N, or --force-confold)
      units that come: new.service; whether each is enabled and running is known
        after the upgrade
      units that go: old.service
      known after the upgrade: what preinst and postinst of bbb-web write

    proxy-1: not upgraded, since none of the packages is installed in an older
      version

    The plan that would follow, once these packages are installed:
    "
  `);
});

it('names what was left out only for those who ask, and hosts without dpkg always', () => {
  expect(shown({ 'node-01': upgraded })).not.toContain('bbb-demo.deb');
  expect(shown({ 'node-01': upgraded }, true)).toContain('left out: bbb-demo.deb (not installed here)');
  expect(shown({ 'rhel-1': { ...noUpgrade, supported: false } }).replace(/\s+/g, ' ')).toContain(
    'rhel-1: not upgraded, since there is no dpkg; only Debian packages can be forecast',
  );
});

it('tells how old the lists are by which a host fetched, and what apt does besides', () => {
  const lists = { changed: 1_795_000_000, now: 1_795_000_000 + 6 * 86_400 };
  const fetched = { ...upgraded, lists, otherVersions: ['bbb-pads'], dropped: ['mongodb-org'] };
  const words = shown({
    'node-01': fetched,
    'node-02': { ...fetched, lists: { ...lists, now: lists.now + 5 } },
  }).replace(/\s+/g, ' ');
  expect(words).toContain(
    "node-01, node-02: the upgrade itself bbb-web: 1:2.7.0 → 1:3.0.30 bbb-graphql-server: not installed → 1:3.0.30 by the host's own package lists, which are 6 days old (2026-11-18)",
  );
  expect(words).toContain('bbb-pads has no such version; the plan assumes the latest one, as apt would');
  expect(words).toContain('apt would remove mongodb-org; the plan still has its files');
  const { hosts } = reportSchema.parse(documentWith({ 'node-01': fetched, 'node-02': upgraded }));
  expect(hosts.map(({ forecast }) => forecast?.lists)).toEqual([
    { changed: '2026-11-18T11:06:40.000Z', ageSeconds: 6 * 86_400 },
    undefined,
  ]);
});

it('is in the document, whose schema knows it', () => {
  const { hosts } = reportSchema.parse(documentWith({ 'node-01': upgraded, 'proxy-1': noUpgrade }));
  expect(hosts.map(({ forecast }) => forecast?.packages.map(({ from }) => from))).toEqual([
    ['1:2.7.0', null],
    [],
  ]);
  expect(hosts[0]?.forecast).toMatchObject({ recipe: '2.6', replaced: ['/usr/share/a.nginx'] });
});

describe('a conffile', () => {
  const words = (decision: ConffileDecision, answer: 'keep' | 'replace' = 'keep') => {
    const conffiles = [{ path: '/etc/c.conf', package: 'bbb-web', decision, answer }];
    return shown({ 'node-01': { ...upgraded, conffiles } }).replace(/\s+/g, ' ');
  };

  it.each([
    ['kept', '/etc/c.conf stays as it is: it was changed here, and bbb-web brings the same as before'],
    ['left', 'dpkg asks about /etc/c.conf, which bbb-web brings as a configuration file from now on;'],
    [
      'stays-removed',
      '/etc/c.conf stays removed: it was removed here, and bbb-web brings the same as before',
    ],
    ['obsolete', '/etc/c.conf stays although bbb-web no longer has it'],
  ] as const)('that is %s', (decision, expected) => {
    expect(words(decision)).toContain(expected);
  });

  it('about which dpkg asks, with the answer that is assumed', () => {
    expect(words('asked')).toContain('(N, or --force-confold)');
    expect(words('asked', 'replace')).toContain("the package's file replaces it (Y, or --force-confnew)");
  });
});
