import { describe, expect, it } from 'vitest';
import type { HttpQuestion } from '../../src/model/outside-check.ts';
import type { HttpAnswer } from '../../src/verify/answers.ts';
import { ask } from '../../src/verify/ask.ts';
import { assetsNamedBy, assetsOf } from '../../src/verify/assets.ts';
import type { Network, Request } from '../../src/verify/network.ts';

const named = (text: string, name: string) =>
  assetsNamedBy(text, `https://proxy.example.com/a/html5client/${name}`).map((url) =>
    url.replace('https://proxy.example.com', ''),
  );

describe('what an asset names', () => {
  it.each<[string, string, string, readonly string[]]>([
    [
      'fonts of a style sheet',
      'css/x.css',
      'a{src:url("../f.woff2?v=1#x"),url(../f.ttf)}',
      ['/a/html5client/f.woff2?v=1', '/a/html5client/f.ttf'],
    ],
    ['style sheets that it imports', 'x.css', "@import 'y.css';", ['/a/html5client/y.css']],
    ['nothing in its comments', 'x.css', '/* url(old.png) */', []],
    [
      'nothing of other places',
      'x.css',
      'a{b:url(/x.png) url(https://b/x) url(data:image/png;base64,AA) url(#a)}',
      [],
    ],
    [
      'modules',
      'x.js',
      'import{a as b}from"./chunk-1.js";import"./c.js";',
      ['/a/html5client/chunk-1.js', '/a/html5client/c.js'],
    ],
    ['nothing that only looks like one', 'x.js', 'const a="import \'./b.js\'"; load("./c.js")', []],
    ['nothing of a picture', 'x.png', 'import"./c.js";', []],
  ])('is %s', (_, name, text, found) => {
    expect(named(text, name)).toEqual(found);
  });
});

describe('what a page loads', () => {
  const loads = (page: string) => assetsOf(page, 'https://proxy.example.com/a/').map((url) => url.slice(25));

  it.each<[string, string, readonly string[]]>([
    [
      'scripts, pictures and style sheets',
      "<script src='x.js?a=1&amp;b'></script><IMG SRC=y.png><link href=\"z.css\" rel='preload stylesheet'>",
      ['/a/x.js?a=1&b', '/a/y.png', '/a/z.css'],
    ],
    ['below its base', '<base href="/b/"><script src="x.js">', ['/b/x.js']],
    ['nothing in its comments', '<!--[if lt IE 9]><script src="old.js"></script><![endif]-->', []],
    ['nothing that only a script loads', '<img data-src="later.png" src="now.png">', ['/a/now.png']],
    ['no links that people click', '<link rel="next" href="2.html">', []],
  ])('is %s', (_, page, found) => {
    expect(loads(page)).toEqual(found);
  });
});

// A pattern that begins anew at each of these needs hours for them, and nothing can interrupt it.
describe('a text of megabytes without ends', () => {
  const long = (part: string) => part.repeat((2 * 1024 * 1024) / part.length);
  const page = 'https://proxy.example.com/a/';

  it.each([
    ['tags', () => assetsOf(long('<script '), page)],
    ['bases', () => assetsOf(long('<base '), page)],
    ['relations', () => assetsOf(`<link ${long('rel=')}>`, page)],
    ['comments of a page', () => assetsOf(long('<!-- '), page)],
    ['comments of a style sheet', () => assetsNamedBy(long('/* '), `${page}x.css`)],
    ['addresses', () => assetsNamedBy(long('url( '), `${page}x.css`)],
    ['imports', () => assetsNamedBy(long('}import'), `${page}x.js`)],
    ['sources of imports', () => assetsNamedBy(long('from '), `${page}x.js`)],
  ])('names nothing by its %s', (_, named) => {
    expect(named()).toEqual([]);
  });
});

describe('asking for what a page loads', () => {
  const page = 'https://proxy.example.com/a/';
  const question: HttpQuestion = {
    ...{ kind: 'http', url: page, headers: [], status: [200], contains: [], answers: {} },
    ...{ assets: true, location: undefined, type: undefined },
  };
  const scripts = (count: number) =>
    Array.from({ length: count }, (_, index) => `<script src="${index}.js"></script>`).join('');

  /** Counts how many questions are under way at once, and how many there were. */
  function server(body: string, assetStatus: number) {
    const seen = { atOnce: 0, most: 0, all: 0 };
    const get = async ({ url, longest }: Request): Promise<HttpAnswer> => {
      seen.atOnce += 1;
      seen.all += 1;
      seen.most = Math.max(seen.most, seen.atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      seen.atOnce -= 1;
      if (url === page) return { kind: 'answer', status: 200, headers: {}, body };
      expect(longest).toBeLessThanOrEqual(1024 * 1024);
      return { kind: 'answer', status: assetStatus, headers: {}, body: '' };
    };
    return { seen, network: { get } as unknown as Network };
  }

  it('is no load test', async () => {
    const { seen, network } = server(scripts(40), 200);
    expect((await ask(question, network, Date.now)).found).toBe(
      '200 OK, and everything that the page loads (40)',
    );
    expect(seen).toMatchObject({ all: 41 });
    expect(seen.most).toBeLessThanOrEqual(8);
  });

  it('tells a few of those that are missing, and soon stops asking', async () => {
    const { seen, network } = server(`<script src="${'x'.repeat(10_000)}.js"></script>${scripts(49)}`, 404);
    const { outcome, found } = await ask(question, network, Date.now);
    expect(outcome).toBe('failed');
    expect(found).toMatch(/^https:\/\/proxy\.example\.com\/a\/x+…: 404 Not Found; .*; and \d+ more$/);
    expect(found?.length).toBeLessThan(1_000);
    expect(seen.all).toBeLessThan(20);
  });
});
