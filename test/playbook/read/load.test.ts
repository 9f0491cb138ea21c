import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OperatorErrors, type Problem } from '../../../src/model/operator-error.ts';
import { builtInPlaybooks } from '../../../src/playbook/read/chain.ts';
import { loadPlaybook } from '../../../src/playbook/read/load.ts';
import { stepModules } from '../../fixtures/step-modules.ts';
import { runs } from '../../support/random.ts';

const fixtures = new URL('../../fixtures/playbooks/', import.meta.url).pathname;
let directory: string;
let correct: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'playbook-'));
  await cp(fixtures, directory, { recursive: true });
  correct = await readFile(join(directory, 'cluster.yaml'), 'utf8');
});
afterAll(() => rm(directory, { recursive: true }));

async function mistakes(text: string): Promise<readonly Problem[]> {
  await writeFile(join(directory, 'mine.yaml'), text);
  try {
    await loadPlaybook('./mine.yaml', directory, stepModules);
  } catch (error) {
    if (error instanceof OperatorErrors) return error.problems;
    throw error;
  }
  throw new Error('no mistake was found');
}

/** `line:column` of the first place of `snippet` in `text`. */
function placeOf(text: string, snippet: string): string {
  const offset = text.indexOf(snippet);
  if (offset === -1) throw new Error(`${snippet} is not in the text`);
  const before = text.slice(0, offset).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

interface Expected {
  readonly code: string;
  /** the text at which the mistake is shown */
  readonly at: string;
  readonly message: RegExp;
  readonly next: RegExp;
}

type Case = readonly [title: string, from: string, to: string, expected: Expected];

function each(cases: readonly Case[]): void {
  it.each(cases)('%s', async (_, from, to, expected) => {
    if (!correct.includes(from)) throw new Error(`${from} is not in the fixture`);
    const text = correct.replace(from, () => to);
    const [problem, ...others] = await mistakes(text);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: expected.code });
    expect(`${problem?.location?.line}:${problem?.location?.column}`).toBe(placeOf(text, expected.at));
    expect(problem?.message).toMatch(expected.message);
    expect(problem?.next).toMatch(expected.next);
  });
}

describe('a correct playbook', () => {
  it('keeps the order of roles, recipes, steps and handlers', async () => {
    const playbook = await loadPlaybook('./cluster.yaml', directory, stepModules);
    const [proxy, node] = playbook.roles;
    expect(playbook.roles.map(({ name }) => name)).toEqual(['proxy', 'node']);
    expect(proxy).toMatchObject({ external: true, hostname: 'optional', hosts: { minimum: 1, maximum: 2 } });
    expect(node?.recipes.map(({ name }) => name)).toEqual(['2.4', '3.0']);
    expect(node?.steps.map(({ id, module }) => `${id} ${module}`)).toEqual([
      'settings note',
      'helper note',
      'only-new note',
      'rendered file',
    ]);
    expect(node?.handlers.map(({ id, timeout, settle }) => [id, timeout, settle])).toEqual([
      ['reload-app', 60, 3],
      ['restart-app', 90, 5],
      ['restart-all', 60, 3],
    ]);
    expect(node?.handlers[1]?.actions).toEqual([
      { kind: 'daemon-reload' },
      { kind: 'restart', unit: 'app.service' },
      { kind: 'restart', unit: 'helper.service' },
    ]);
    expect(playbook.crossChecks).toEqual(['paths']);
    expect(playbook.text).toBe(correct);
  });

  it('is found by an absolute path as well', async () => {
    const playbook = await loadPlaybook(join(directory, 'cluster.yaml'), '/', stepModules);
    expect(playbook.name).toBe('fixture');
  });

  it('comes with the program under its name', async () => {
    expect(await builtInPlaybooks()).toContain('bigbluebutton');
  });
});

describe('form', () => {
  each([
    [
      'an unknown key of a role',
      '    external: true',
      '    extrenal: true',
      {
        code: 'unknown-key',
        at: 'extrenal',
        message: /extrenal in roles\.proxy/,
        next: /did you mean external\?/,
      },
    ],
    [
      'a step module that there is not',
      '        note: {path: /etc/helper',
      '        nota: {path: /etc/helper',
      {
        code: 'unknown-key',
        at: 'nota:',
        message: /nota in roles\.node\.steps\[2\]/,
        next: /did you mean note\?/,
      },
    ],
    [
      'a step without module',
      "        note: {path: /etc/helper, lines: ['{{ facts.tool }}']}\n",
      '',
      { code: 'step-module', at: 'id: helper', message: /no step module/, next: /note, file/ },
    ],
    [
      'a step with two modules',
      '      - id: helper\n',
      '      - id: helper\n        file: {path: /a, content: b}\n',
      { code: 'step-module', at: 'id: helper', message: /several step modules: note, file/, next: /of each/ },
    ],
    [
      'a parameter that is missing',
      "note: {path: /etc/helper, lines: ['{{ facts.tool }}']}",
      'note: {path: /etc/helper}',
      {
        code: 'missing-key',
        at: 'note: {path: /etc/helper}',
        message: /lines is missing in roles\.node\.steps\[2\]\.note/,
        next: /add lines/,
      },
    ],
    [
      'a parameter of another type',
      "lines: ['{{ facts.tool }}']}",
      "lines: [], mode: '0644'}",
      { code: 'wrong-type', at: "'0644'", message: /a number, found text '0644'/, next: /remove the quotes/ },
    ],
    [
      'an unknown parameter',
      "lines: ['{{ facts.tool }}']}",
      'lines: [], line: x}',
      { code: 'unknown-key', at: 'line: x', message: /unknown key line/, next: /one of: mode/ },
    ],
    [
      'a parameter that the module refuses',
      'path: /etc/helper',
      'path: etc/helper',
      { code: 'wrong-value', at: 'etc/helper', message: /^expected an absolute path/, next: /^write an/ },
    ],
    [
      'parameters that exclude each other',
      '{path: /etc/rendered, template: templates/nodes.liquid}',
      "{path: /etc/rendered, template: t, content: '{{ host.name }}'}",
      { code: 'wrong-value', at: '{path: /etc/rendered', message: /one of both/, next: /.*/ },
    ],
    [
      'a fact that asks two things',
      'helper: {unit: helper.service}',
      'helper: {unit: helper.service, package: x}',
      {
        code: 'wrong-value',
        at: '{unit: helper.service, package',
        message: /one of: unit, unit with tells, .*package/,
        next: /one question/,
      },
    ],
    [
      'a fact that only names a path',
      ', contains: $cors}',
      '}',
      { code: 'wrong-value', at: "{path: '/usr/share", message: /path with contains/, next: /one question/ },
    ],
    [
      'a handler that does nothing',
      '        reload: app.service\n',
      '',
      { code: 'wrong-value', at: 'id: reload-app', message: /one of: reload, restart/, next: /.*/ },
    ],
    [
      'an unknown check',
      '- nginx-workers',
      '- nginx-wrokers',
      {
        code: 'wrong-type',
        at: 'nginx-wrokers',
        message: /nginx-workers or haproxy-workers or a map/,
        next: /nginx-workers/,
      },
    ],
    [
      'a check of two kinds',
      '{active: app.service}',
      '{active: app.service, port: 80}',
      { code: 'wrong-value', at: '{active: app.service, port', message: /one of: active/, next: /.*/ },
    ],
    [
      'a recipe whose name is a number',
      "recipes: ['3.0']",
      'recipes: [3.0]',
      {
        code: 'wrong-type',
        at: '3.0]',
        message: /expected text, found the number 3\.0/,
        next: /quotes: '3\.0'/,
      },
    ],
    [
      'a variable of an unknown type',
      'workers: {type: integer',
      'workers: {type: int',
      {
        code: 'wrong-value',
        at: 'int,',
        message: /one of string, integer/,
        next: /write one of|did you mean/,
      },
    ],
    [
      'a name that templates could not use',
      '  workers: {',
      '  work-ers: {',
      {
        code: 'invalid-name',
        at: 'work-ers',
        message: /'work-ers' is not a valid name/,
        next: /another name/,
      },
    ],
  ]);
});

describe('meaning', () => {
  each([
    [
      'an enum without values',
      'type: enum, values: [minimal, full], default: minimal',
      'type: enum',
      { code: 'wrong-value', at: 'restart: {type', message: /enum needs values/, next: /add values/ },
    ],
    [
      'values of something else',
      'type: integer, default: 4',
      "type: integer, values: ['4'], default: 4",
      { code: 'wrong-value', at: 'workers: {', message: /only an enum/, next: /type: enum/ },
    ],
    [
      'a default of another type',
      'default: 4,',
      'default: four,',
      { code: 'wrong-type', at: 'four', message: /whole number, found text 'four'/, next: /quotes/ },
    ],
    [
      'a default with a template',
      "title: {type: string, default: ''",
      "title: {type: string, default: '{{ host.name }}'",
      { code: 'invalid-template', at: "'{{ host.name }}'", message: /default/, next: /steps/ },
    ],
    [
      'a handler that there is not',
      'notify: reload-app',
      'notify: relaod-app',
      {
        code: 'unknown-handler',
        at: 'relaod-app',
        message: /no handler relaod-app/,
        next: /did you mean reload-app\?/,
      },
    ],
    [
      'a handler in a list that there is not',
      '[restart-app, restart-all]',
      '[restart-app, restart-it]',
      { code: 'unknown-handler', at: 'restart-it', message: /restart-it/, next: /did you mean/ },
    ],
    [
      'a guard that there is not',
      'guards: [sessions]',
      'guards: [session]',
      { code: 'unknown-guard', at: 'session]', message: /no guard session/, next: /did you mean sessions\?/ },
    ],
    [
      'a recipe that there is not',
      "recipes: ['3.0']",
      "recipes: ['3.1']",
      { code: 'unknown-recipe', at: "'3.1'", message: /no recipe 3\.1/, next: /did you mean 3\.0\?/ },
    ],
    [
      'an id twice',
      '- id: helper',
      '- id: settings',
      {
        code: 'duplicate-id',
        at: 'settings\n        when',
        message: /settings appears twice in steps/,
        next: /own/,
      },
    ],
    [
      'a pattern without group',
      'RELEASE=(\\d+\\.\\d+)',
      'RELEASE=\\d+',
      { code: 'invalid-pattern', at: "'RELEASE=", message: /no group/, next: /\( \)/ },
    ],
    [
      'a pattern that is none',
      'RELEASE=(\\d+\\.\\d+)',
      'RELEASE=(\\d+',
      {
        code: 'invalid-pattern',
        at: "'RELEASE=",
        message: /not a regular expression: Unterminated group/,
        next: /JavaScript/,
      },
    ],
    [
      'a condition on a fact that there is not',
      'when: {facts.helper: true}',
      'when: {facts.helpr: true}',
      {
        code: 'invalid-condition',
        at: 'facts.helpr',
        message: /no facts\.helpr/,
        next: /did you mean facts\.helper\?/,
      },
    ],
    [
      'a condition on something else',
      'when: {facts.helper: true}',
      'when: {weather: true}',
      { code: 'invalid-condition', at: 'weather', message: /no weather/, next: /one of: host\.name/ },
    ],
    [
      'a condition that compares a number to text',
      "facts.release: '3.0'",
      'facts.release: 3.0',
      {
        code: 'invalid-condition',
        at: '3.0, facts.meteor',
        message: /facts\.release is text; found the number 3\.0/,
        next: /quotes/,
      },
    ],
    [
      'a condition that compares text to a boolean',
      'when: {facts.helper: true}',
      "when: {facts.helper: 'true'}",
      { code: 'invalid-condition', at: "'true'", message: /is true or false/, next: /true or false/ },
    ],
    [
      'a condition with a value that an enum never has',
      'when: {vars.restart: full}',
      'when: {vars.restart: [full, fulll]}',
      { code: 'invalid-condition', at: 'fulll', message: /never text 'fulll'/, next: /did you mean full\?/ },
    ],
    [
      'a condition on a list',
      'when: {facts.helper: true}',
      'when: {vars.extras: x}',
      { code: 'invalid-condition', at: 'vars.extras', message: /a map, or a list without/, next: /remove/ },
    ].map((part) =>
      typeof part === 'object' ? { ...part, at: 'x}\n        note' } : part,
    ) as unknown as Case,
    [
      'a condition with an item that a list never has',
      'when: {facts.helper: true}',
      'when: {vars.wanted: hts}',
      { code: 'invalid-condition', at: 'hts', message: /never text 'hts'/, next: /did you mean hsts\?/ },
    ],
    [
      "a recipe's condition on the recipe",
      "when: {facts.release: ['2.3', '2.4']}",
      "when: {recipe.name: '2.4'}",
      { code: 'invalid-condition', at: 'recipe.name', message: /no recipe\.name/, next: /use one of/ },
    ],
  ]);
});

describe('templates', () => {
  each([
    [
      'a variable that there is not',
      '{{ vars.workers }}',
      '{{ vars.worker }}',
      {
        code: 'unknown-template-variable',
        at: "'{{ vars.worker }}'",
        message: /vars has no worker/,
        next: /did you mean workers\?/,
      },
    ],
    [
      'a group that there is not',
      '{{ vars.workers }}',
      '{{ var.workers }}',
      {
        code: 'unknown-template-variable',
        at: "'{{ var.workers }}'",
        message: /there is no var/,
        next: /did you mean vars\?/,
      },
    ],
    [
      'a fact that there is not',
      '{{ facts.tool }}',
      '{{ facts.tol }}',
      {
        code: 'unknown-template-variable',
        at: "'{{ facts.tol }}'",
        message: /facts has no tol/,
        next: /did you mean tool\?/,
      },
    ],
    [
      'a role that there is not',
      '{{ hosts.node }}',
      '{{ hosts.nodes }}',
      {
        code: 'unknown-template-variable',
        at: "'{{ hosts.nodes }}'",
        message: /hosts has no nodes/,
        next: /did you mean node\?/,
      },
    ],
    [
      'a variable that not every recipe of the step has',
      '{{ vars.workers }}',
      '{{ recipe.answer }}',
      {
        code: 'unknown-template-variable',
        at: "'{{ recipe.answer }}'",
        message: /recipe has no answer/,
        next: /use one of|did you mean/,
      },
    ],
    [
      'a path that depends on facts',
      'path: /etc/helper',
      "path: '/etc/{{ facts.tool }}'",
      {
        code: 'unknown-template-variable',
        at: "'/etc/{{ facts.tool }}'",
        message: /not known here: .*together with its facts/,
        next: /use cluster/,
      },
    ],
    [
      "a recipe's variable in its own reason",
      'reason: release {{ facts.release }} without',
      'reason: release {{ recipe.name }} without',
      {
        code: 'unknown-template-variable',
        at: 'release {{ recipe',
        message: /chosen by/,
        next: /use cluster/,
      },
    ],
    [
      'a guard that depends on facts',
      'http://127.0.0.1/{{ host.name }}/sessions',
      'http://127.0.0.1/{{ facts.tool }}/sessions',
      {
        code: 'unknown-template-variable',
        at: "'http://127.0.0.1/{{ facts",
        message: /not known here/,
        next: /use/,
      },
    ],
    [
      "a template in a fact's path",
      '{path: /etc/release,',
      "{path: '/etc/{{ cluster.name }}/release',",
      {
        code: 'invalid-template',
        at: "'/etc/{{ cluster.name }}/release'",
        message: /\{\{ cluster\.name \}\} would stay as it is/,
        next: /names\.X/,
      },
    ],
    [
      "a template in a condition's value",
      "{facts.release: ['2.3', '2.4']}",
      "{facts.release: ['2.3', '{{ vars.restart }}']}",
      { code: 'invalid-template', at: "'{{ vars.restart }}'", message: /would stay as it is/, next: /steps/ },
    ],
    [
      'a template that is not closed',
      'cluster {{ cluster.url }}',
      'cluster {{ cluster.url }',
      { code: 'invalid-template', at: "'cluster {{", message: /has no \}\}/, next: /close/ },
    ],
    [
      'a filter',
      '{{ vars.workers }}',
      '{{ vars.workers | plus: 1 }}',
      {
        code: 'invalid-template',
        at: "'{{ vars.workers |",
        message: /name of a value/,
        next: /without filters/,
      },
    ],
    [
      'a tag',
      'cluster {{ cluster.url }}',
      '{% if cluster %}',
      { code: 'invalid-template', at: "'{% if", message: /tag \{% if cluster %\}/, next: /file: \{template/ },
    ],
    [
      'a template as a key',
      'words: [join]}',
      "words: [join], other: {'{{ facts.no }}': 1}}",
      {
        code: 'unknown-template-variable',
        at: "'{{ facts.no }}'",
        message: /facts has no no/,
        next: /use one of|did/,
      },
    ],
    [
      'a template file that is not there',
      'templates/nodes.liquid',
      'templates/none.liquid',
      { code: 'invalid-template', at: 'templates/none', message: /can't be read/, next: /path/ },
    ],
    [
      'a template file elsewhere',
      'templates/nodes.liquid',
      '../nodes.liquid',
      { code: 'invalid-template', at: '../nodes', message: /outside/, next: /move it into/ },
    ],
  ]);

  it('a template that a link leads to, out of the playbook’s folder', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'clusterproxy-outside-'));
    await writeFile(join(outside, 'secret.liquid'), 'theirs');
    await symlink(join(outside, 'secret.liquid'), join(directory, 'linked.liquid'));
    await symlink(outside, join(directory, 'linked'));
    await symlink('templates/nodes.liquid', join(directory, 'inside.liquid'));
    for (const name of ['linked.liquid', 'linked/secret.liquid']) {
      const [problem] = await mistakes(correct.replace('templates/nodes.liquid', name));
      expect(problem).toMatchObject({ code: 'invalid-template', message: expect.stringMatching(/outside/) });
    }
    const inside = correct.replace('templates/nodes.liquid', 'inside.liquid');
    await expect(mistakes(inside)).rejects.toThrow('no mistake was found');
    await rm(outside, { recursive: true });
  });

  it('a template file that is none', async () => {
    await writeFile(join(directory, 'bad.liquid'), 'one\n{% for %}\n');
    const [problem] = await mistakes(correct.replace('templates/nodes.liquid', 'bad.liquid'));
    expect(problem).toMatchObject({ code: 'invalid-template' });
    expect(problem?.message).toMatch(/bad\.liquid: .*line:2/);
  });
});

describe('stages and ports', () => {
  const role = '    description: relays to the nodes\n';
  const first = '      - id: upstreams\n';
  const staged = `${role}    stages: [packages, files]\n`;
  const ports = (line: string) => `${role}    ports:\n      - ${line}\n`;
  each([
    [
      "a step that doesn't say its stage",
      role,
      staged,
      { code: 'unknown-stage', at: 'upstreams', message: /name its stage/, next: /packages, files/ },
    ],
    [
      'a stage where the role has none',
      first,
      `${first}        stage: packages\n`,
      { code: 'unknown-stage', at: 'packages', message: /has no stages/, next: /stages: \[/ },
    ],
    [
      'a stage misspelt',
      `${role}    hosts: {minimum: 1, maximum: 2}\n    external: true\n    steps:\n${first}`,
      `${staged}    hosts: {minimum: 1, maximum: 2}\n    external: true\n    steps:\n${first}        stage: file\n`,
      {
        code: 'unknown-stage',
        at: 'file\n        note',
        message: /no stage file/,
        next: /did you mean files/,
      },
    ],
    [
      'a usual stage that is none',
      role,
      `${staged}    usual_stage: package\n`,
      { code: 'unknown-stage', at: 'package\n', message: /no stage package/, next: /did you mean packages/ },
    ],
    [
      'a usual stage of a role without any',
      role,
      `${role}    usual_stage: packages\n`,
      { code: 'unknown-stage', at: 'packages\n', message: /has no stages/, next: /stages: \[/ },
    ],
    [
      'an order that leaves a stage out',
      role,
      `${staged}    usual_stage: files\n    stage_orders: [{when: {host.state: active}, stages: [files, files]}]\n`,
      {
        code: 'unknown-stage',
        at: '[files, files]',
        message: /has not the same stages/,
        next: /packages, files once/,
      },
    ],
    [
      'an order by a fact, which the stages may change',
      role,
      `${staged}    usual_stage: files\n    stage_orders: [{when: {facts.version: '2.4'}, stages: [files, packages]}]\n`,
      { code: 'invalid-condition', at: 'facts.version', message: /no facts.version/, next: /./ },
    ],
    [
      'a port for nobody',
      role,
      ports('{port: 443, from: nodes, for: pages}'),
      { code: 'unknown-role', at: 'nodes, for', message: /is for nodes/, next: /did you mean node/ },
    ],
    [
      'a range that is none',
      role,
      ports('{port: 500-400, from: everyone, for: pages}'),
      { code: 'wrong-value', at: '500-400', message: /not a port/, next: /range/ },
    ],
    [
      'a port that is open by a fact',
      role,
      ports("{port: 443, from: everyone, for: pages, when: {facts.version: '2.4'}}"),
      { code: 'invalid-condition', at: 'facts.version', message: /no facts.version/, next: /vars/ },
    ],
    [
      'a port that depends on a host',
      role,
      ports("{port: '{{ facts.port }}', from: everyone, for: pages}"),
      {
        code: 'unknown-template-variable',
        at: "'{{ facts.port",
        message: /depends only on variables/,
        next: /use vars/,
      },
    ],
  ]);
});

it('whatever the file holds, nothing but OperatorErrors is thrown', async () => {
  const change = fc.tuple(
    fc.nat(correct.length),
    fc.nat(12),
    fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom('{{ ', ' }}', '{%', ': ', '- ', '\n', '*a', 'null', '['),
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 2 }), async (changes) => {
      const text = changes.reduce(
        (sum, [at, gone, come]) => sum.slice(0, at) + come + sum.slice(at + gone),
        correct,
      );
      await writeFile(join(directory, 'any.yaml'), text);
      try {
        await loadPlaybook('./any.yaml', directory, stepModules);
      } catch (error) {
        expect(error).toBeInstanceOf(OperatorErrors);
      }
    }),
    runs(400),
  );
});
