// How the time of the editors of files grows with a file, for files that somebody could have made to last:
//
//   npm run bench:editors -- [--limit 10] [--only PATTERN]
//
// A file is doubled until its edit takes long enough to be measured, or it has 1 MiB. Exit 1 if the last two
// doublings took more than `limit` times as long: 4 is linear, 16 quadratic. Times themselves are only shown.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadTypeScript } from './load-typescript.mjs';

const { values } = parseArgs({
  options: { limit: { type: 'string', default: '10' }, only: { type: 'string', default: '' } },
});
const limit = Number(values.limit);
const only = new RegExp(values.only);
const editors = await loadTypeScript(fileURLToPath(new URL('./editors.ts', import.meta.url)));
const { json, properties, services, shellEnv, unit, yaml } = editors;
const blocks = {
  name: 'managed-blocks',
  get: (text, [name]) => editors.managedBlocks(text).get(name),
  set: (text, [name], value) => editors.setManagedBlock(text, name, value),
  remove: (text, [name]) => editors.removeManagedBlock(text, name),
};
const nginx = {
  name: 'nginx',
  get: (text) => editors.scanNginx(text).length + editors.locations(text).length,
  set: (text) => editors.findServers(text).length,
  remove: (text) => editors.editLocationPaths(text, ({ path }) => `/x${path}`),
};

/** Shorter than this says more about the machine than about the editor. */
const measurable = 120;
const smallest = 8 * 1024;
const largest = 1024 * 1024;

/** `count` pieces of about `size` characters in all. */
const many = (piece) => (size) => {
  const pieces = [];
  for (let length = 0, i = 0; length < size; i++) {
    pieces.push(piece(i));
    length += pieces[i].length;
  }
  return pieces.join('');
};
const run = (character) => (size) => character.repeat(size / character.length);

const cases = [
  [properties, ['a'], 'backslashes in a value', (size) => `a=${run('\\')(size)}`],
  [properties, ['a'], 'backslashes before a line end', many(() => `${'\\'.repeat(500)}\\\n`)],
  [properties, ['a'], 'continued lines', (size) => `a=${many((i) => `${i}\\\n`)(size)}`],
  [properties, ['a'], 'continued lines without text', (size) => `a=${run('\\\n')(size)}`],
  [properties, ['k7'], 'keys', many((i) => `k${i}=v\n`)],
  [properties, ['a'], 'definitions of one key', many((i) => `a=${i}\n`)],
  [properties, ['a'], 'blanks', (size) => `a${run(' ')(size)}=${run(' ')(size)}v`],
  [properties, ['a'], 'escapes', (size) => `a=${run('\\u0041\\t')(size)}`],
  [properties, ['a'], 'blank lines', run(' \n')],
  [shellEnv, ['A'], 'a quotation over many lines', (size) => `A="${many((i) => `${i}\n`)(size)}"\n`],
  [shellEnv, ['A'], 'a quotation of something else', (size) => `echo "${many((i) => `${i}\n`)(size)}"\n`],
  [shellEnv, ['A'], 'a quotation that is never closed', (size) => `A='${run('x\n')(size)}`],
  [shellEnv, ['A'], 'backslashes in a value', (size) => `A="${run('\\')(size)}"`],
  [shellEnv, ['A'], 'bare backslashes', (size) => `A=${run('\\')(size)}`],
  [shellEnv, ['A'], 'continued lines', (size) => `A=${many((i) => `${i}\\\n`)(size)}`],
  [shellEnv, ['K7'], 'assignments', many((i) => `K${i}="v"\n`)],
  [shellEnv, ['A'], 'assignments of one name', many((i) => `A=${i}\n`)],
  [shellEnv, ['A'], 'blanks before a comment', (size) => `A=1${run(' ')(size)}# note`],
  [shellEnv, ['A'], 'blanks within a value', (size) => `A=1${run(' ')(size)}x`],
  [shellEnv, ['A'], 'quotations in a row', (size) => `A=${run(`'x'"y"`)(size)}`],
  [shellEnv, ['A'], 'escaped blanks', (size) => `A=${run('\\ ')(size)}`],
  [shellEnv, ['A'], 'number signs', (size) => `A=${run('#')(size)}`],
  [shellEnv, ['A'], 'commands', many((i) => `ulimit -n ${i}\n`)],
  [shellEnv, ['A'], 'a long command', (size) => `ulimit ${run('\\ x')(size)}\n`],
  [shellEnv, ['A'], 'comments', many((i) => `# ${i} \\\n`)],
  [unit, ['Service', 'A'], 'continued lines', (size) => `[Service]\nA=${many((i) => `${i} \\\n`)(size)}`],
  [
    unit,
    ['Service', 'A'],
    'comments between continued lines',
    (size) => `[Service]\nA=${run('\\\n# c\n')(size)}`,
  ],
  [unit, ['Service', 'A'], 'backslashes', (size) => `[Service]\nA=${run('\\')(size)}`],
  [
    unit,
    ['Service', 'A'],
    'blanks',
    (size) => `[Service]\nA${run(' ')(size)}=${run(' ')(size)}1${run(' ')(size)}x`,
  ],
  [unit, ['Service', 'A'], 'blank lines', (size) => `[Service]\n${run(' \n')(size)}`],
  [unit, ['Service', 'A'], 'keys', (size) => `[Service]\n${many((i) => `K${i}=v\n`)(size)}A=1\n`],
  [unit, ['Service', 'A'], 'values of one key', (size) => `[Service]\n${many((i) => `A=${i}\n`)(size)}`],
  [unit, ['Service', 'A'], 'sections', many((i) => `[S${i}]\nA=1\n\n`)],
  [unit, ['Service', 'A'], 'sections of one name', many(() => `[Service]\nA=1\n\n`)],
  [
    unit,
    ['Service', 'Environment', 'A'],
    'variables on a line',
    (size) => `[Service]\nEnvironment=${many((i) => `"K${i}=v" `)(size)}A=1\n`,
  ],
  [
    unit,
    ['Service', 'Environment', 'A'],
    'lines of variables',
    (size) => `[Service]\n${many((i) => `Environment="K${i}=v"\n`)(size)}`,
  ],
  [
    unit,
    ['Service', 'Environment', 'A'],
    'lines of one variable',
    (size) => `[Service]\n${many((i) => `Environment=A=${i} B=1\n`)(size)}`,
  ],
  [
    unit,
    ['Service', 'Environment', 'A'],
    'one variable on a line',
    (size) => `[Service]\nEnvironment=${many((i) => `A=${i} `)(size)}\n`,
  ],
  [
    unit,
    ['Service', 'Environment', 'A'],
    'a long variable',
    (size) => `[Service]\nEnvironment="A=${run('\\\\ \\"%%')(size)}"\n`,
  ],
  [yaml, ['k7'], 'keys', many((i) => `k${i}: v\n`)],
  [yaml, ['a', 'k7'], 'keys of a map', (size) => `a:\n${many((i) => `  k${i}: v\n`)(size)}`],
  [yaml, ['k7'], 'keys of a flow map', (size) => `{${many((i) => `k${i}: v, `)(size)}}`],
  [yaml, ['a'], 'list items', (size) => `a:\n${many((i) => `  - ${i}\n`)(size)}`],
  [yaml, ['a'], 'list items of which one stays', (size) => `a:\n${many((i) => `  - ${i}\n`)(size)}`, [7]],
  [yaml, ['a'], 'flow items of which one stays', (size) => `a: [${many((i) => `${i}, `)(size)}]`, [7]],
  [yaml, ['a'], 'keys of which one stays', (size) => `a:\n${many((i) => `  k${i}: v\n`)(size)}`, { k7: 'v' }],
  [yaml, ['b'], 'list items behind another key', (size) => `b: 1\na:\n${many((i) => `  - ${i}\n`)(size)}`],
  [yaml, ['k7', 'b'], 'maps', many((i) => `k${i}:\n  b: v\n`)],
  [
    yaml,
    ['a'],
    'comments',
    (size) => `${many((i) => `# ${i}\n`)(size)}a: 1\n${many((i) => `# ${i}\n`)(size)}`,
  ],
  [yaml, ['a'], 'blank lines', (size) => `a: |\n  x\n${run('\n')(size)}`],
  [yaml, ['a'], 'a block scalar', (size) => `a: |\n${many((i) => `  ${i}\n`)(size)}`],
  [
    yaml,
    ['a'],
    'a block scalar without a line end',
    (size) => `b: 1\n${many((i) => `# ${i}\n`)(size)}a: |\n  x`,
  ],
  [yaml, ['a'], 'a plain text over many lines', (size) => `a: x\n${many((i) => `  ${i}\n`)(size)}`],
  [yaml, ['a'], 'a quoted text', (size) => `a: "${run('\\" ')(size)}"\n`],
  [yaml, ['a'], 'a long word', (size) => `a: ${run('x')(size)}\n`],
  [json, ['k7'], 'keys', (size) => `{${many((i) => `"k${i}": 1, `)(size)}"a": 1}`],
  [json, ['k7'], 'keys on lines', (size) => `{\n${many((i) => `  "k${i}": 1,\n`)(size)}  "a": 1\n}\n`],
  [json, ['a', 'k7'], 'keys of an object', (size) => `{"a": {${many((i) => `"k${i}": 1, `)(size)}"b": 1}}`],
  [json, ['a'], 'list items', (size) => `{"a": [${many((i) => `${i}, `)(size)}1]}`],
  [json, ['a'], 'list items of which one stays', (size) => `{"a": [${many((i) => `${i}, `)(size)}1]}`, [7]],
  [
    json,
    ['a'],
    'keys of which one stays',
    (size) => `{"a": {\n${many((i) => `  "k${i}": 1,\n`)(size)}  "b": 1\n}}`,
    { k7: 1 },
  ],
  [json, ['a'], 'comments', (size) => `{\n${run('// c\n')(size)}"a": 1\n${run('/* c */')(size)}\n}`],
  [json, ['a'], 'blanks', (size) => `{${run(' ')(size)}"a":${run('\n')(size)}1${run(' ')(size)}}`],
  [json, ['a'], 'a long text', (size) => `{"a": "${run('\\"\\\\')(size)}"}`],
  [services, ['s7', 'tcp'], 'entries', many((i) => `s${i} ${i % 65536}/tcp\n`)],
  [services, ['a', 'tcp'], 'entries of one name', many((i) => `a ${i % 65536}/tcp b\n`)],
  [services, ['a', 'tcp'], 'aliases', (size) => `b 1/tcp${many((i) => ` a${i}`)(size)}`],
  [services, ['a', 'tcp'], 'blanks', (size) => `${run(' ')(size)}a${run(' ')(size)}1/tcp${run(' ')(size)}`],
  [services, ['a', 'tcp'], 'a long word', run('1')],
  [blocks, ['b7'], 'blocks', many((i) => `# clusterproxy: begin b${i}\nx;\n# clusterproxy: end b${i}\n`)],
  [
    blocks,
    ['a'],
    'a long block',
    (size) => `# clusterproxy: begin a\n${run('x;\n')(size)}# clusterproxy: end a\n`,
  ],
  [
    blocks,
    ['a'],
    'blanks in a name',
    (size) => `# clusterproxy: begin a${run(' ')(size)}b\n# clusterproxy: end a${run(' ')(size)}b\n`,
  ],
  [nginx, ['a'], 'directives', many((i) => `set $a${i} "b";\n`)],
  [
    nginx,
    ['a'],
    'locations',
    (size) => `server {\n${many((i) => `location /${i} { return 204; }\n`)(size)}}\n`,
  ],
  [nginx, ['a'], 'servers', many((i) => `server { listen 80; server_name s${i}; location / { } }\n`)],
  [nginx, ['a'], 'comments', many((i) => `# ${i} {\n`)],
  [nginx, ['a'], 'a directive of many words', (size) => `server { server_name${run(' a')(size)}; }`],
  [nginx, ['a'], 'backslashes', (size) => `server { set $a "${run('\\')(size)}"; }`],
  [nginx, ['a'], 'blank lines', run(' \n')],
  [
    nginx,
    ['a'],
    'Lua',
    (size) => `server { access_by_lua_block {\n${run('local a = "}" -- }\n')(size)}} location /a { } }`,
  ],
];

let failed = 0;
for (const [format, key, what, textOf, value = wanted(format)] of cases) {
  for (const action of ['get', 'set', 'remove']) {
    const name = `${format.name} ${action}: ${what}`;
    if (!only.test(name)) continue;
    const work = (text) => (action === 'set' ? format.set(text, key, value) : format[action](text, key));
    const { size, time, before } = grow(work, textOf);
    const growth = time / before;
    const fails = time >= measurable && growth > limit;
    if (fails) failed++;
    const kept = Math.round(size / 1024);
    if (fails || values.only !== '' || time > 500)
      console.log(
        `${fails ? 'FAILS ' : ''}${name}: ${kept} KiB in ${time.toFixed(0)} ms, ${growth.toFixed(1)} times as long as a quarter of it`,
      );
  }
}
console.log(failed === 0 ? 'all grow with the file' : `${failed} grow faster than the file`);
process.exitCode = failed === 0 ? 0 : 1;

function wanted({ name }) {
  return name === 'services' ? '9707' : name === 'unit' ? 'v' : 'some value';
}

/** The size at which the work takes long enough to be measured, its time, and that of a quarter of it. */
function grow(work, textOf) {
  const times = [timeOf(work, textOf(smallest / 4)), timeOf(work, textOf(smallest / 2))];
  let size = smallest;
  for (times.push(timeOf(work, textOf(size))); times.at(-1) < measurable && size < largest; size *= 2) {
    times.push(timeOf(work, textOf(size * 2)));
  }
  let [before, , time] = times.slice(-3);
  // What was slow once may have been the machine, or text that outgrew a cache: measured again, then larger.
  for (let again = 0; again < 4 && time >= measurable && time / before > limit && time < 4000; again++) {
    if (again >= 2) size *= 2;
    const [small, large] = [timeOf(work, textOf(size / 4)), timeOf(work, textOf(size))];
    [before, time] = again < 2 ? [Math.min(before, small), Math.min(time, large)] : [small, large];
  }
  return { size, time, before };
}

/**
 * The shortest of a few times of the processor, in milliseconds: what else the machine does counts less. Each
 * time the text is another one, so that nothing is remembered of it.
 */
function timeOf(work, text) {
  let shortest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3 && (round === 0 || shortest * round < 300); round++) {
    const another = `${text}\n${' '.repeat(round)}`;
    const start = process.cpuUsage();
    try {
      work(another);
    } catch (error) {
      if (!(error instanceof editors.FormatError)) throw error;
    }
    const { user, system } = process.cpuUsage(start);
    shortest = Math.min(shortest, (user + system) / 1000);
  }
  return shortest;
}
