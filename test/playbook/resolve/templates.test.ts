import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  mentions,
  parseFile,
  render,
  renderFile,
  renderLeniently,
  renderText,
  TemplateError,
  variablesOf,
} from '../../../src/playbook/resolve/templates.ts';

const context = {
  cluster: { name: 'prod', hostname: 'bbb.example.com' },
  host: { name: 'node-1' },
  vars: {
    number: 4,
    yes: true,
    list: [1, { a: 'b' }],
    map: { a: 1 },
    nothing: null,
    braces: '{{ host.name }}',
  },
  hosts: { 'load-balancer': [{ name: 'lb-1' }] },
};

function failure(work: () => unknown): TemplateError {
  try {
    work();
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('render', () => {
  it.each([
    ['text without templates', 'plain } text {', 'plain } text {'],
    [
      'a template within text',
      'https://{{ cluster.hostname }}/{{host.name}}/',
      'https://bbb.example.com/node-1/',
    ],
    ['a number within text', 'n={{ vars.number }} {{ vars.yes }}', 'n=4 true'],
    ['exactly one template keeps a number', '{{ vars.number }}', 4],
    ['exactly one template keeps a boolean', '{{vars.yes}}', true],
    ['exactly one template keeps a list', '{{ vars.list }}', [1, { a: 'b' }]],
    ['exactly one template keeps a map', '{{ vars.map }}', { a: 1 }],
    ['exactly one template keeps null', '{{ vars.nothing }}', null],
    ['an item of a list', '{{ hosts.load-balancer[0].name }}', 'lb-1'],
    ['two templates side by side', '{{ host.name }}{{ host.name }}', 'node-1node-1'],
    ['what a value holds is not rendered again', 'a {{ vars.braces }}', 'a {{ host.name }}'],
    ['$ patterns of String.replace mean nothing', 'a$&b{{ host.name }}', 'a$&bnode-1'],
  ])('%s', (_, template, expected) => {
    expect(render(template, context)).toEqual(expected);
  });

  it('goes deep into lists, maps and keys of maps', () => {
    const value = { '/{{ host.name }}': ['{{ vars.number }}', { deep: 'x{{ vars.number }}' }], other: 1 };
    expect(render(value, context)).toEqual({ '/node-1': [4, { deep: 'x4' }], other: 1 });
  });

  it('refuses what is not there, and says what is near', () => {
    const error = failure(() => render(['{{ cluster.hostnam }}'], context));
    expect(error.variable).toBe('cluster.hostnam');
    expect(error.next).toBe('did you mean hostname?');
  });

  it('says where a missing hostname is to be given', () => {
    expect(failure(() => render('{{ host.hostname }}', context)).next).toMatch(/inventory/);
  });

  it.each([
    ['a list', 'a {{ vars.list }}', /a list/],
    ['a map', 'a {{ vars.map }}', /a map/],
    ['null', 'a {{ vars.nothing }}', /nothing/],
  ])('refuses %s within text', (_, template, message) => {
    expect(failure(() => render(template, context)).message).toMatch(message);
  });

  it('refuses two keys that become one', () => {
    expect(failure(() => render({ 'node-1': 1, '{{ host.name }}': 2 }, context)).message).toMatch(/node-1/);
  });

  it('reaches nothing that a value inherits', () => {
    for (const variable of ['vars.constructor', 'vars.__proto__', 'vars.list.length', 'vars.list.map']) {
      expect(failure(() => render(`{{ ${variable} }}`, context)).variable).toBe(variable);
    }
  });

  it('leaves every text without braces as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('{{') && !text.includes('{%'));
        expect(render(text, context)).toBe(text);
        expect(renderLeniently(text, context)).toBe(text);
      }),
    );
  });

  it('puts any text in as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(render('<{{ vars.text }}>', { vars: { text } })).toBe(`<${text}>`);
      }),
    );
  });
});

describe('renderLeniently', () => {
  it('makes empty text of what is not known yet', () => {
    expect(
      renderLeniently({ path: '/etc/{{ host.name }}', x: '{{ facts.a }}', y: 'a{{ facts.b }}c' }, context),
    ).toEqual({
      path: '/etc/node-1',
      x: '',
      y: 'ac',
    });
  });
});

describe('renderText', () => {
  it('takes numbers, and refuses lists', () => {
    expect(renderText('{{ vars.number }}', context)).toBe('4');
    expect(failure(() => renderText('{{ vars.list }}', context)).message).toMatch(/expected text/);
  });
});

describe('variablesOf', () => {
  it('names them in order', () => {
    expect(variablesOf('{{ a.b }} {{c.d[0].e}}')).toEqual(['a.b', 'c.d[0].e']);
  });

  it.each([
    '{{ a.b | upcase }}',
    '{{ }}',
    '{{ a b }}',
    '{{ "text" }}',
    '{{ 1 }}',
    '{{- a.b -}}',
    '{{ a.b',
    '{% if a %}',
    '{{ a..b }}',
    '{{ a[b] }}',
  ])('refuses %s', (text) => {
    expect(() => variablesOf(text)).toThrow(TemplateError);
  });
});

describe('mentions', () => {
  it('looks into lists, maps and keys', () => {
    expect(mentions({ a: ['x {{ recipe.b }}'] }, 'recipe')).toBe(true);
    expect(mentions({ '{{ recipe.b }}': 1 }, 'recipe')).toBe(true);
    expect(mentions({ a: ['x {{ vars.recipe }}', 1, null] }, 'recipe')).toBe(false);
  });
});

describe('a template file', () => {
  it('has the full language', () => {
    const text = '{% for lb in hosts.load-balancer %}{{ lb.name | upcase }};{% endfor %}';
    expect(renderFile({ file: 'a', text }, context)).toBe('LB-1;');
  });

  it.each([
    ['an unknown variable', '{{ vars.no }}'],
    ['an unknown filter', '{{ vars.number | no }}'],
    ['another file', "{% include '/etc/passwd' %}"],
    ['another file by render', "{% render '/etc/passwd' %}"],
    [
      'one that fills the memory',
      '{% assign s = "x" %}{% for i in (1..99) %}{% assign s = s | append: s %}{% endfor %}',
    ],
  ])('refuses %s', (_, text) => {
    const error = failure(() => renderFile({ file: 'page.liquid', text: `\n${text}` }, context));
    expect(error.message).toMatch(/^page\.liquid: .*line:2/);
  });

  it('is refused where it is malformed', () => {
    expect(() => parseFile({ file: 'page.liquid', text: '{% if %}' })).toThrow(TemplateError);
  });
});
