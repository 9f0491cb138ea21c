import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemsOf } from '../../../src/model/operator-error.ts';
import { loadPlaybook } from '../../../src/playbook/read/load.ts';
import { viewCluster } from '../../../src/playbook/resolve/contexts.ts';
import { outsideChecksByName, resolveOutsideChecks } from '../../../src/playbook/resolve/outside-checks.ts';
import { freshHosts, inventoryOf, snapshotsOf } from '../../support/sample-cluster.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outside-checks-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What is wrong with a playbook whose only role has these checks, as `code line`. */
async function mistakes(verify: string): Promise<readonly string[]> {
  const file = join(folder, 'mine.yaml');
  await writeFile(file, `${head}    verify:\n${verify}`);
  try {
    await loadPlaybook(file, folder);
    return [];
  } catch (error) {
    return problemsOf(error).map(({ code, message }) => `${code}: ${message}`);
  }
}

const head = `name: mine
description: checks from outside
variables:
  token: {type: secret, default: '', description: a secret}
roles:
  node:
    description: a host
    facts:
      web: {unit: web.service}
    recipes:
      - {name: one, when: {facts.web: true}, reason: web.service exists, vars: {path: /a}}
      - {name: two, reason: it has none}
    steps:
      - {id: there, file: {path: /etc/mine, content: 'x'}}
`;
const check = (rest: string) => `      - {id: page, title: a page, fix: fix it, ${rest}}\n`;

describe('checks from outside in a playbook', () => {
  it('are taken in each form', async () => {
    const verify = [
      check(
        "recipes: [one], when: {facts.web: true}, http: {url: 'https://{{ host.name }}{{ recipe.path }}'}",
      ),
      check('websocket: {url: wss://a.example.com/, origin: https://b.example.com}').replace(
        'page',
        'socket',
      ),
      check("certificate: {hostname: '{{ cluster.hostname }}', port: 8443}").replace('page', 'tls'),
    ];
    expect(await mistakes(verify.join(''))).toEqual([]);
  });

  it.each([
    ['nothing to ask', check('when: {facts.web: true}'), 'expected one of: http, websocket, certificate'],
    [
      'two questions at once',
      check('http: {url: x}, certificate: {hostname: x}'),
      'expected one of: http, websocket, certificate',
    ],
    ['a recipe that there is not', check('recipes: [three], http: {url: x}'), 'the role has no recipe three'],
    ['a fact that there is not', check('when: {facts.wob: true}, http: {url: x}'), 'there is no facts.wob'],
    ['a variable of one recipe only', check("http: {url: '{{ recipe.path }}'}"), 'recipe has no path'],
    ['a secret', check("http: {url: x, headers: ['X: {{ vars.token }}']}"), 'is a secret'],
    ['the same id twice', check('http: {url: x}').repeat(2), 'page appears twice in verify'],
    ['a header in capitals', check('http: {url: x, answers: {Location: x}}'), 'in lower case'],
  ])('%s is a mistake', async (_, verify, words) => {
    expect((await mistakes(verify)).join('\n')).toContain(words);
  });

  it('can be replaced and left out by a playbook that extends this one', async () => {
    await writeFile(
      join(folder, 'base.yaml'),
      `${head}    verify:\n${check('http: {url: a}')}${check('http: {url: b}').replace('page', 'other')}`,
    );
    const extension = `name: ours
description: what is different
extends: ./base.yaml
roles:
  node:
    without: {verify: [other]}
    verify:
${check('http: {url: c}')}${check('http: {url: d}').replace('page', 'third')}`;
    await writeFile(join(folder, 'ours.yaml'), extension);
    const [role] = (await loadPlaybook(join(folder, 'ours.yaml'), folder)).roles;
    expect(role?.verify.map(({ id, question }) => [id, question])).toMatchObject([
      ['page', { url: 'c' }],
      ['third', { url: 'd' }],
    ]);
    await writeFile(join(folder, 'ours.yaml'), extension.replace('[other]', '[othr]'));
    await expect(loadPlaybook(join(folder, 'ours.yaml'), folder)).rejects.toMatchObject({
      problems: [{ code: 'nothing-to-leave-out', next: 'did you mean other?' }],
    });
  });
});

describe('the checks of a host', () => {
  it("are those of its recipe and facts, filled in with the host's own names", async () => {
    const inventory = await inventoryOf();
    const cluster = viewCluster(inventory, snapshotsOf(inventory, freshHosts()));
    const ids = (name: string) => resolveOutsideChecks(cluster, name).checks.map(({ id }) => id);
    expect(ids('bbb-01')).toEqual([
      ...['certificate', 'meteor-page', 'meteor-path', 'basename', 'api', 'lobby-locale'],
      ...['slides-origin', 'ddp'],
      ...['meeting', 'stun-servers'],
    ]);
    expect(ids('bbb-02')).toEqual(
      expect.arrayContaining(['meteor-page', 'api-origin', 'api-other-origin', 'lobby-locale']),
    );
    expect(ids('proxy-1')).toEqual(['certificate', 'names', 'nginx-passes', 'nginx-headers']);
    const { checks, notApplicable } = resolveOutsideChecks(cluster, 'bbb-03');
    expect(checks.find(({ id }) => id === 'api-addresses')?.question).toEqual({
      kind: 'http',
      url: 'https://bbb-proxy.example.com/bbb-03/bigbluebutton/api',
      headers: ['Content-Type: application/json'],
      type: 'application/json',
      status: [200],
      contains: ['wss://bbb-03.example.com/graphql', 'https://bbb-03.example.com/api/rest'],
      answers: {},
      location: undefined,
      assets: false,
    });
    expect(notApplicable.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['meteor-page', 'lobby-locale']),
    );
    const whys = Object.fromEntries(notApplicable.map(({ id, why }) => [id, why]));
    expect(whys['meteor-page']).toBe("it isn't asked for the recipe 3.0");
    const { notApplicable: left } = resolveOutsideChecks(cluster, 'proxy-1');
    const noPair = 'it depends on cluster.virtual_address_by, which has another value for this host';
    expect(Object.fromEntries(left.map(({ id, why }) => [id, why]))).toEqual({
      'virtual-address': noPair,
      'same-relays': noPair,
      'same-haproxy-relays': "it isn't asked for the recipe nginx",
      'nginx-passes-included': 'it depends on vars.proxy_server, which has another value for this host',
    });
  });

  it.each([
    ['public:\n  app:\n    basename: /bbb-03/html5client # ours\n', '/bbb-03/html5client'],
    ["public: {app: {basename: '/bbb-03/html5client', bbbWebBase: x}}\n", '/bbb-03/html5client'],
    ['public:\n  app:\n    "basename" : "/bbb-03/html5client"\r\n', '/bbb-03/html5client'],
    ['public:\n  app:\n    # basename: /bbb-03/html5client\n    other_basename: /x\n', '/html5client'],
    ['public:\n  app:\n    basename: /old\n    basename: /new\n', '/new'],
    [undefined, '/html5client'],
  ])('read the basename of %j', async (text, expected) => {
    const inventory = await inventoryOf();
    const cluster = viewCluster(inventory, snapshotsOf(inventory, freshHosts()));
    const question = resolveOutsideChecks(cluster, 'bbb-03').checks.find(
      ({ id }) => id === 'basename',
    )?.question;
    if (question?.kind !== 'command') throw new Error('it is no command');
    const [command = '', ...args] = question.queries[0]?.args ?? [];
    const file = join(folder, 'client.yml');
    if (text === undefined) await rm(file, { force: true });
    else await writeFile(file, text);
    expect(args.at(-1)).toBe('/etc/bigbluebutton/bbb-html5.yml');
    const found = execFileSync(command, [...args.slice(0, -1), file], { encoding: 'utf8' }).trim();
    expect(found).toBe(expected);
    expect(new RegExp(question.answers, 'm').test(found)).toBe(expected.startsWith('/bbb-03'));
  });

  it('are called by the names of the inventory, whether or not they apply or the host was inspected', async () => {
    const inventory = await inventoryOf();
    const cluster = viewCluster(inventory, snapshotsOf(inventory, freshHosts()));
    const host = inventory.hosts.find(({ name }) => name === 'bbb-01');
    if (host === undefined) throw new Error('no bbb-01');
    const all = outsideChecksByName(inventory, host);
    expect(all[0]).toMatchObject({ id: 'certificate', title: 'the certificate of bbb-01.example.com' });
    const { notApplicable } = resolveOutsideChecks(cluster, 'bbb-01');
    expect(notApplicable.map(({ id }) => id)).toContain('graphql');
    expect(JSON.stringify([all, notApplicable])).not.toContain('{{');
  });
});
