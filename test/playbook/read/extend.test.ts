import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OperatorErrors, type Problem } from '../../../src/model/operator-error.ts';
import type { Playbook, Role } from '../../../src/model/playbook.ts';
import { packageRoot } from '../../../src/package-root.ts';
import { loadPlaybook } from '../../../src/playbook/read/load.ts';
import { stepModules } from '../../fixtures/step-modules.ts';

const base = `name: product
description: the product
names:
  title: Product
  short: prd
variables:
  workers: {type: integer, default: 4, description: number of workers}
  folder: {type: path, default: '/srv/{{ names.short }}', description: a directory}
roles:
  node:
    description: a {{ names.title }} server
    facts:
      release: {path: '/etc/{{ names.short }}-release', capture: 'RELEASE=(\\d)'}
      helper: {unit: '{{ names.short }}-helper.service'}
    recipes:
      - {name: '1', when: {facts.release: '1'}, reason: '{{ names.title }} {{ facts.release }}'}
      - {name: '2', when: {facts.release: '2'}, reason: '{{ names.title }} {{ facts.release }}'}
    steps:
      - id: old
        recipes: ['1']
        note: {path: /etc/old, lines: []}
      - id: both
        recipes: ['1', '2']
        note: {path: '/etc/{{ names.short }}', lines: [{'{{ names.short }}Key': '{{ host.name }}'}]}
        notify: ['restart-{{ names.short }}', tell]
      - id: all
        file: {path: /etc/all, template: all.liquid}
        notify: tell
    health:
      - {units: ['{{ names.short }}.service']}
    warnings:
      - {when: {facts.helper: true}, text: 'there is a {{ names.short }}-helper'}
    units: ['{{ names.short }}.service', other.service]
    handlers:
      - id: tell
        command: [tell]
      - id: restart-{{ names.short }}
        when: {recipe.name: ['1', '2']}
        restart: '{{ names.short }}.service'
      - id: old-ways
        when: {recipe.name: ['1']}
        command: [old]
cross-checks: [paths]
`;

const mine = `name: derivative
description: a derivative
extends: ../base/product.yaml
names: {title: Derivative, short: drv}
variables:
  workers: {type: integer, default: 8, description: number of workers}
  extra: {type: string, default: '', description: something of its own}
roles:
  node:
    without: {recipes: ['1'], units: [other.service]}
    facts:
      helper: {exists: [/usr/bin/helper]}
      tool: {package: tool}
    steps:
      - id: added
        when: {facts.tool: '1.0'}
        file: {path: /etc/added, template: all.liquid}
        notify: restart-drv
      - id: both
        note: {path: /etc/mine, lines: ['{{ names.title }} {{ vars.extra }}']}
    units: [more.service]
    warnings:
      - {when: {facts.tool: ''}, text: no tool}
  extra:
    description: one more role
    steps: []
`;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extend-'));
  for (const folder of ['base', 'mine']) await mkdir(join(directory, folder));
  await writeFile(join(directory, 'base/all.liquid'), 'of the base: {{ names.title }}\n');
  await writeFile(join(directory, 'mine/all.liquid'), 'my own\n');
});
afterAll(() => rm(directory, { recursive: true }));

async function load(own = mine, product = base): Promise<Playbook> {
  await writeFile(join(directory, 'base/product.yaml'), product);
  await writeFile(join(directory, 'mine/mine.yaml'), own);
  return loadPlaybook('./mine/mine.yaml', directory, stepModules);
}

function roleIn(playbook: Playbook, name: string): Role {
  const role = playbook.roles.find((one) => one.name === name);
  if (role === undefined) throw new Error(`there is no role ${name}`);
  return role;
}

describe('a playbook that extends another one', () => {
  it('says what is different, and has all the rest', async () => {
    const playbook = await load();
    const node = roleIn(playbook, 'node');
    expect(playbook).toMatchObject({
      name: 'derivative',
      description: 'a derivative',
      crossChecks: ['paths'],
    });
    expect(playbook.variables).toMatchObject({
      workers: { default: 8 },
      folder: { default: '/srv/drv' },
      extra: { default: '' },
    });
    expect(playbook.roles.map(({ name }) => name)).toEqual(['node', 'extra']);
    expect(node.description).toBe('a Derivative server');
    expect(node.facts).toEqual({
      release: { path: '/etc/drv-release', capture: 'RELEASE=(\\d)' },
      helper: { exists: ['/usr/bin/helper'] },
      tool: { package: 'tool' },
    });
    expect(node.warnings.map(({ text }) => text)).toEqual(['there is a drv-helper', 'no tool']);
    expect(node.health).toEqual([{ when: {}, kind: 'units', units: ['drv.service'] }]);
  });

  it('replaces what has the same name where it stands, and adds behind it', async () => {
    const node = roleIn(await load(), 'node');
    expect(node.steps.map(({ id, parameters }) => [id, (parameters as { path: string }).path])).toEqual([
      ['both', '/etc/mine'],
      ['all', '/etc/all'],
      ['added', '/etc/added'],
    ]);
    expect(node.steps[0]).toMatchObject({ recipes: undefined, notify: [] });
    expect(node.units).toEqual(['drv.service', 'more.service']);
  });

  it('leaves out what is for a recipe alone that it leaves out', async () => {
    const node = roleIn(await load(mine.replace('      - id: both\n', '      - id: bothered\n')), 'node');
    expect(node.recipes.map(({ name, reason }) => [name, reason])).toEqual([
      ['2', 'Derivative {{ facts.release }}'],
    ]);
    expect(node.steps.map(({ id, recipes }) => [id, recipes])).toEqual([
      ['both', ['2']],
      ['all', undefined],
      ['added', undefined],
      ['bothered', undefined],
    ]);
    expect(node.handlers.map(({ id, when }) => [id, when])).toEqual([
      ['tell', {}],
      ['restart-drv', { 'recipe.name': ['2'] }],
    ]);
    expect(node.steps[0]?.parameters).toEqual({ path: '/etc/drv', lines: [{ drvKey: '{{ host.name }}' }] });
  });

  it('leaves out a handler, and every mention of it', async () => {
    const own = mine
      .replace("without: {recipes: ['1']", "without: {handlers: [tell], recipes: ['1'], steps: [both]")
      .replace('      - id: both\n', '      - id: later\n');
    const node = roleIn(await load(own), 'node');
    expect(node.handlers.map(({ id }) => id)).toEqual(['restart-drv']);
    expect(node.steps.map(({ id, notify }) => [id, notify])).toEqual([
      ['all', []],
      ['added', ['restart-drv']],
      ['later', []],
    ]);
  });

  it('finds templates beside the file that names them', async () => {
    const node = roleIn(await load(), 'node');
    expect(node.steps.map(({ id, template }) => [id, template?.text])).toEqual([
      ['both', undefined],
      ['all', 'of the base: {{ names.title }}\n'],
      ['added', 'my own\n'],
    ]);
  });

  it('is another playbook when one of its files is another one', async () => {
    const [one, other] = [await load(), await load(mine, `${base}# edited\n`)];
    expect(one.text).not.toBe(other.text);
    expect(one.file).toBe(other.file);
  });

  it('may be extended itself', async () => {
    await load();
    const third = 'name: third\ndescription: x\nextends: ./mine.yaml\nnames: {short: thd}\n';
    await writeFile(join(directory, 'mine/third.yaml'), third);
    const playbook = await loadPlaybook(join(directory, 'mine/third.yaml'), '/', stepModules).catch(
      (error: unknown) => error,
    );
    // Its middle one says restart-drv where the name gives restart-thd.
    expect(playbook).toMatchObject({ problems: [{ code: 'unknown-handler', location: { line: 18 } }] });
    await load(mine.replace('restart-drv', "'restart-{{ names.short }}'"));
    const loaded = await loadPlaybook(join(directory, 'mine/third.yaml'), '/', stepModules);
    expect(loaded.names).toEqual({ title: 'Derivative', short: 'thd' });
    expect(roleIn(loaded, 'node').handlers.map(({ id }) => id)).toEqual(['tell', 'restart-thd']);
    expect(roleIn(loaded, 'node').steps[2]?.notify).toEqual(['restart-thd']);
  });

  it('adds a step to a playbook that comes with the program', async () => {
    // As docs/playbooks.md has it.
    const page = await readFile(join(packageRoot(), 'docs/playbooks.md'), 'utf8');
    const own = /```yaml\n(# ours\.yaml\n.*?)```/s.exec(page)?.[1] ?? '';
    await writeFile(join(directory, 'ours.yaml'), own);
    const [ours, theirs] = [
      await loadPlaybook('./ours.yaml', directory),
      await loadPlaybook('bigbluebutton', directory),
    ];
    const steps = (playbook: Playbook) => roleIn(playbook, 'node').steps.map(({ id }) => id);
    expect(steps(ours)).toEqual([...steps(theirs), 'motd']);
    expect({ ...ours, roles: [] }).toMatchObject({ variables: theirs.variables, names: theirs.names });
    expect(roleIn(ours, 'proxy')).toEqual(roleIn(theirs, 'proxy'));
  });
});

async function mistakes(own: string, product = base): Promise<readonly Problem[]> {
  try {
    await load(own, product);
  } catch (error) {
    if (error instanceof OperatorErrors) return error.problems;
    throw error;
  }
  throw new Error('no mistake was found');
}

interface Expected {
  readonly code: string;
  readonly in: 'base/product.yaml' | 'mine/mine.yaml';
  /** the line at which it is shown */
  readonly line: string;
  readonly message: RegExp;
  readonly next?: RegExp;
}

type Case = readonly [
  title: string,
  own: readonly [string, string],
  product: readonly [string, string],
  Expected,
];
const same = ['', ''] as const;

describe('a mistake is shown in the file that has it', () => {
  const cases: readonly Case[] = [
    [
      'a name that the base has not',
      ['short: drv}', 'short: drv, shrot: x}'],
      same,
      {
        code: 'unknown-key',
        in: 'mine/mine.yaml',
        line: 'names:',
        message: /no name shrot/,
        next: /mean short/,
      },
    ],
    [
      'a use of a name that there is not',
      same,
      ["restart: '{{ names.short }}.service'", "restart: '{{ names.shrot }}.service'"],
      {
        code: 'unknown-template-variable',
        in: 'base/product.yaml',
        line: 'names.shrot',
        message: /names has no shrot/,
        next: /mean short/,
      },
    ],
    [
      'a name that makes an id none',
      ['short: drv', 'short: My product'],
      same,
      {
        code: 'invalid-name',
        in: 'base/product.yaml',
        line: '- id: restart-',
        message: /'restart-My product'/,
      },
    ],
    [
      'a name that is no text',
      ['short: drv', 'short: [drv]'],
      same,
      { code: 'wrong-type', in: 'mine/mine.yaml', line: 'names:', message: /expected text/ },
    ],
    [
      'a name with a template in it',
      ['short: drv', "short: '{{ host.name }}'"],
      same,
      { code: 'invalid-name', in: 'mine/mine.yaml', line: 'names:', message: /without braces/ },
    ],
    [
      'a base that there is not',
      ['../base/product.yaml', '../base/prodcut.yaml'],
      same,
      {
        code: 'file-missing',
        in: 'mine/mine.yaml',
        line: 'extends:',
        message: /prodcut\.yaml does not exist/,
      },
    ],
    [
      'a base that does not come with the program',
      ['../base/product.yaml', 'bigbluebuton'],
      same,
      {
        code: 'unknown-playbook',
        in: 'mine/mine.yaml',
        line: 'extends:',
        message: /no playbook bigbluebuton/,
      },
    ],
    [
      'a base that is the playbook itself',
      ['../base/product.yaml', './mine.yaml'],
      same,
      {
        code: 'extends-itself',
        in: 'mine/mine.yaml',
        line: 'extends:',
        message: /mine\.yaml extends a playbook/,
      },
    ],
    [
      'a base that is no text',
      ['../base/product.yaml', '5'],
      same,
      {
        code: 'wrong-type',
        in: 'mine/mine.yaml',
        line: 'extends:',
        message: /expected text, found the number 5/,
      },
    ],
    [
      'something to leave out that there is not',
      ["recipes: ['1']", "recipes: ['3']"],
      same,
      {
        code: 'nothing-to-leave-out',
        in: 'mine/mine.yaml',
        line: 'without:',
        message: /no recipe 3 in roles\.node/,
      },
    ],
    [
      'a handler that a step of the extension notifies',
      ['notify: restart-drv', 'notify: restart-drw'],
      same,
      {
        code: 'unknown-handler',
        in: 'mine/mine.yaml',
        line: 'notify: restart-drw',
        message: /restart-drw/,
        next: /drv/,
      },
    ],
    [
      'a parameter of a step of the extension',
      ['note: {path: /etc/mine,', 'note: {path: etc/mine,'],
      same,
      { code: 'wrong-value', in: 'mine/mine.yaml', line: 'path: etc/mine', message: /absolute path/ },
    ],
    [
      'an unknown parameter, counted as it stands in its file',
      ['note: {path: /etc/mine,', 'note: {paht: x, path: /etc/mine,'],
      same,
      {
        code: 'unknown-key',
        in: 'mine/mine.yaml',
        line: 'paht: x',
        message: /paht in roles\.node\.steps\[2\]\.note/,
      },
    ],
    [
      'a parameter of a step of the base, behind keys with names in them',
      ['- id: both', '- id: other'],
      ["note: {path: '/etc/{{ names.short }}'", "note: {mode: x, path: '/etc/{{ names.short }}'"],
      { code: 'wrong-type', in: 'base/product.yaml', line: 'mode: x', message: /expected a number/ },
    ],
    [
      'a template of the base in a key with a name in it',
      ['- id: both', '- id: other'],
      ["'{{ host.name }}'}]", "'{{ host.nmae }}'}]"],
      {
        code: 'unknown-template-variable',
        in: 'base/product.yaml',
        line: 'host.nmae',
        message: /host has no nmae/,
      },
    ],
    [
      'a template in the extension',
      ['{{ vars.extra }}', '{{ vars.exrta }}'],
      same,
      {
        code: 'unknown-template-variable',
        in: 'mine/mine.yaml',
        line: 'vars.exrta',
        message: /vars has no exrta/,
      },
    ],
    [
      'a condition of a list that got longer',
      ["when: {facts.tool: ''}", "when: {facts.tolo: ''}"],
      same,
      { code: 'invalid-condition', in: 'mine/mine.yaml', line: 'facts.tolo', message: /facts\.tolo/ },
    ],
    [
      'a role of its own that lacks steps',
      ['    steps: []\n', ''],
      same,
      {
        code: 'missing-key',
        in: 'mine/mine.yaml',
        line: '  extra:',
        message: /steps is missing in roles\.extra/,
      },
    ],
    [
      'something left out of a playbook that extends nothing',
      same,
      ['    units: [', "    without: {recipes: ['1']}\n    units: ["],
      { code: 'unknown-key', in: 'base/product.yaml', line: 'without:', message: /unknown key without/ },
    ],
  ];

  it.each(cases)('%s', async (_, [from, to], [productFrom, productTo], expected) => {
    expect(mine).toContain(from);
    expect(base).toContain(productFrom);
    const [problem, ...others] = await mistakes(
      mine.replace(from, () => to),
      base.replace(productFrom, () => productTo),
    );
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: expected.code });
    expect(problem?.location?.file).toMatch(new RegExp(`${expected.in}$`));
    expect(problem?.location?.text).toContain(expected.line);
    expect(problem?.message).toMatch(expected.message);
    if (expected.next !== undefined) expect(problem?.next).toMatch(expected.next);
  });
});

it('names the packages of the derived product', async () => {
  const { roles } = await loadPlaybook('averox', '/');
  const named = roles.map(({ name, productPackages }) => [name, productPackages]);
  expect(Object.fromEntries(named)).toEqual({ balancer: [], proxy: [], node: ['avx-*', 'averox'] });
});
