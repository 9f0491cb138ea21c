import fc from 'fast-check';
import { json } from '../../src/formats/json.ts';
import type { KeyedFormat, Value } from '../../src/formats/keyed-format.ts';
import { managedBlocks, removeManagedBlock, setManagedBlock } from '../../src/formats/managed-blocks.ts';
import { properties } from '../../src/formats/properties.ts';
import { services } from '../../src/formats/services.ts';
import { shellEnv } from '../../src/formats/shell-env.ts';
import { unit } from '../../src/formats/unit.ts';
import { yaml } from '../../src/formats/yaml.ts';

/** A format with sound files: whatever is asked of them in whatever order, there is nothing to refuse. */
export interface SoundFiles {
  readonly format: KeyedFormat;
  /** sound files without their last line end, lines ended by LF */
  readonly bodies: readonly string[];
  readonly comment: string;
  /** keys that a file may have or lack; none leads through another */
  readonly keys: readonly (readonly string[])[];
  readonly values: readonly Value[];
  /** byte order marks: none where readers take one as part of the first word */
  readonly marks?: readonly string[];
  readonly lineEnds?: readonly string[];
}

/** Blocks between markers as a format of one key, for the laws that all formats share. */
const blocks: KeyedFormat = {
  name: 'managed-blocks',
  get: (text, [name = '']) => managedBlocks(text).get(name)?.replaceAll('\r\n', '\n'),
  set: (text, [name = ''], value) => setManagedBlock(text, name, String(value)),
  remove: (text, [name = '']) => removeManagedBlock(text, name),
};

const shell: SoundFiles = {
  format: shellEnv,
  bodies: ['', 'X=1', "# why\nexport X='1 2'\nB=2", 'X="1\n2"\nN=', 'X=1 # here\nB=\\\n2\nX=3', '  X=1'],
  comment: '# c',
  keys: [['X'], ['B'], ['N']],
  values: ['text', 'two words', '$1', ''],
  marks: [''],
};

/** Every format with files on which it has nothing to refuse. */
export const soundFiles: readonly SoundFiles[] = [
  {
    format: yaml,
    bodies: [
      '',
      'x: 1',
      'a:\n  b: 2',
      'x: 1\na:\n  b: 2',
      'a:\n  # why\n  b: 2\nx: 1',
      'a:\n  b: 2\n  c: |\n    text',
      'x: 1\nd:\n  - 1\n  - 2',
      'd: |\n  text\n\n  more\nx: 1',
      'd: |\n  text\na: {b: 2}',
      'd: >+\n  text\n\nl: 1',
      'd: |-\n  text',
      'x: |\n  text\nl:\n- >\n  text',
      'd: |\n  text',
      'd: >2+ # why\n  text',
      'a:\n  c: |\n    text\n\n    more',
      '---\nx: "1" # why\na:\n    e:\n        f: 1',
      '{x: 1, a: {b: 2}}',
      'x: 1 # why\na:\n  b:',
    ],
    comment: '# c',
    keys: [['x'], ['a', 'b'], ['a', 'c'], ['a', 'e', 'f'], ['d'], ['n'], ['m', 'n', 'o']],
    values: ['text', 'two words', 7, true, ['one', 'two'], 'several\nlines\n'],
  },
  {
    format: json,
    bodies: [
      '{}',
      '{"x": 1}',
      '{"a":{"b":2},"x":1}',
      '{\n  "x": 1,\n  "a": {\n    "b": 2\n  }\n}',
      '{ // why\n  "a": { // that\n    "b": 2 /* here */\n  }\n}',
      '/* first */\n{ /* here */ "x": 1, /* there */ "a": {"b": 2} /* last */ }',
      '{ "x": 1, // one\n  "a": { "b": 2, // two\n    "c": 3 } } // end',
      '{ // nothing\n}',
      '// first\n{\n  "a": {\n    // own line\n    "b": 2, // same line\n    "c": [1, 2]\n  }\n  // last\n}',
    ],
    comment: '// c',
    keys: [['x'], ['a', 'b'], ['a', 'c'], ['a', 'e', 'f'], ['n'], ['m', 'n', 'o']],
    values: ['text', 7, true, ['one', 'two'], { k: 1 }],
  },
  {
    format: properties,
    bodies: ['', 'x=1', '# why\nx = 1\na.b: 2', 'x=1\\\n  2\nn=', 'x=1\na.b=1\nx=2', ' x 1 '],
    comment: '# c',
    keys: [['x'], ['a.b'], ['n']],
    values: ['text', 'two words', 7, ''],
  },
  { ...shell, lineEnds: ['\n'] },
  // systemd and sh would end a value over several such lines differently.
  { ...shell, bodies: shell.bodies.filter((body) => !/\\\n|"[^"\n]*\n/.test(body)), lineEnds: ['\r\n'] },
  {
    format: unit,
    bodies: [
      '',
      '[Service]\nRestart=no',
      '[Unit]\nAfter=a\nAfter=b\n\n[Service]\n# why\nEnvironment=A=1 "B=x y"\nEnvironment=C=1 \\\n  D=2',
      '[Service]\nRestart = no\n[Unit]\n; why\n[Service]\nEnvironment=A=1',
    ],
    comment: '# c',
    keys: [
      ['Unit', 'After'],
      ['Service', 'Restart'],
      ['Service', 'Environment', 'A'],
      ['Service', 'Environment', 'D'],
      ['Install', 'WantedBy'],
    ],
    values: ['text', 'two words', '1'],
  },
  {
    format: services,
    bodies: ['', 'a 1/tcp', 'a\t1/tcp q # why\na 1/udp\nc 2/tcp q a', '# table\n\na 1/tcp\nb 3/tcp'],
    comment: '# c',
    keys: [
      ['a', 'tcp'],
      ['b', 'tcp'],
      ['n', 'udp'],
    ],
    values: ['9707', '1'],
  },
  {
    format: blocks,
    bodies: ['', 'x;', '# clusterproxy: begin a\nx;\n# clusterproxy: end a', 'x;\n\ny;'],
    comment: '# c',
    keys: [['a'], ['b']],
    values: ['x;\n', 'y;\nz;\n'],
  },
];

/** Ends of a file, by what they are; a comment is put where `#` is. */
const ends: Readonly<Record<string, string>> = {
  'no line end': '',
  'a line end': '\n',
  'several line ends': '\n\n\n',
  'blanks without a line end': '\n  ',
  'blanks with a line end': '\n  \n',
  'a comment without a line end': '\n#',
  'a comment with a line end': '\n#\n',
};

/** A file of a format, with any end. */
export function fileOf({
  bodies,
  comment,
  marks = ['', '\uFEFF'],
  lineEnds = ['\n', '\r\n'],
}: SoundFiles): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom(...marks),
      fc.constantFrom(...bodies),
      fc.constantFrom(...Object.values(ends)),
      fc.constantFrom(...lineEnds),
    )
    .map(([mark, body, end, lineEnd]) =>
      `${mark}${body}${end.replace('#', comment)}`.replaceAll('\n', lineEnd),
    );
}
