import { describe, expect, it } from 'vitest';
import { assetsNamedBy } from '../../src/verify/assets.ts';

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
