// Measures how long the program takes, beside what anybody would take otherwise, in turns on one machine:
//
//   npm run bench -- [--only start,check,apply,many] [--hosts 20] [--rounds 9] [--user root|ops]
//     [--nodes 99,999] [--write]
//
// start: beside Node.js with nothing to do. check: on real hosts, beside bare ssh; it makes them itself, and
// is left out with a message where that can't be done. apply: where its time goes, on hosts of the same kind,
// three rounds at most. many: on simulated clusters of so many nodes and a proxy. Each prints a table;
// --write puts the tables into docs/performance.md, where those of parts that weren't measured stay. Ratios
// hold on a busy machine as well, milliseconds don't.
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureApply } from './apply.mjs';
import { measureCheck } from './check.mjs';
import { loadNow, run, table } from './compare.mjs';
import { measureMany } from './many.mjs';
import { measureStart } from './start.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'start,check,apply,many' },
    hosts: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '9' },
    user: { type: 'string', default: 'root' },
    nodes: { type: 'string', default: '99,999' },
    write: { type: 'boolean', default: false },
  },
});
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const page = at('../docs/performance.md');
const options = {
  main: at('../dist/main.js'),
  inventory: at('../inventory.example.yaml'),
  hosts: Number(values.hosts),
  rounds: Number(values.rounds),
  user: values.user,
  nodes: values.nodes.split(',').map(Number),
};
const parts = { start: measureStart, check: measureCheck, apply: measureApply, many: measureMany };
const machine = `Node.js ${process.versions.node} on ${availableParallelism()} processors`;

await run(process.execPath, [at('../scripts/build.mjs')]);
for (const part of values.only.split(',')) {
  const before = loadNow();
  try {
    const measured = await parts[part](options);
    const text = measured.text ?? table(measured.rows, { ...measured, ...options });
    const whole = wrapped(`${text.trimEnd()} Load of the machine ${before} to ${loadNow()}; ${machine}.`);
    console.log(`${part}:\n\n${whole}`);
    if (values.write) writeTable(part, whole);
  } catch (error) {
    console.error(`${part} is left out: ${error.message}`);
    process.exitCode = 1;
  }
}

/** With its last line, the only one that isn't of a table, broken as pages are. */
function wrapped(text) {
  const start = text.lastIndexOf('\n') + 1;
  return `${text.slice(0, start)}${text.slice(start).replace(/(.{1,108})(?: |$)/g, '$1\n')}`;
}

/** Between the comments that name the part. */
function writeTable(part, text) {
  const [begin, end] = [`<!-- bench: ${part} -->\n`, '<!-- /bench -->'];
  const old = readFileSync(page, 'utf8');
  const from = old.indexOf(begin);
  const to = old.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`${page} has no place for ${part}`);
  writeFileSync(page, `${old.slice(0, from + begin.length)}\n${text}\n${old.slice(to)}`);
}
