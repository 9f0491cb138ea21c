// What all parts of the benchmark have in common: ways of doing something, in turns, and the table of them.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';

/**
 * Runs each of `ways` (name to function) once in each round, so that other load on the machine affects all
 * alike; the first round is a warm-up and doesn't count. Returns a row for each, in milliseconds; ratios are
 * to the way that is called `to`, round by round.
 */
export async function inTurns(ways, { rounds, to }) {
  const rows = Object.keys(ways).map((name) => ({ name, walls: [], processors: [] }));
  for (let round = 0; round <= rounds; round++) {
    for (const row of rows) {
      const before = processorOfChildren();
      const start = performance.now();
      await ways[row.name]();
      if (round === 0) continue;
      row.walls.push(performance.now() - start);
      row.processors.push(processorOfChildren() - before);
    }
  }
  const base = rows.find(({ name }) => name === to);
  return rows.map(({ name, walls, processors }) => ({
    name,
    wall: median(walls),
    least: Math.min(...walls),
    most: Math.max(...walls),
    // Counted in hundredths of a second: only the mean of many says something.
    processor: processors.reduce((sum, one) => sum + one, 0) / processors.length,
    ratio: median(walls.map((one, round) => one / base.walls[round])),
    processorRatio: sumOf(processors) / sumOf(base.processors),
  }));
}

/** Rows as a table in Markdown; `to`: what ratios are to. */
export function table(rows, { to, rounds }) {
  const cells = rows.map((row) => [
    row.name,
    `${Math.round(row.wall)} (${Math.round(row.least)} to ${Math.round(row.most)})`,
    row.ratio.toFixed(2),
    Number.isNaN(row.processor) ? '' : String(Math.round(row.processor)),
    Number.isNaN(row.processorRatio) ? '' : row.processorRatio.toFixed(2),
  ]);
  const heads = ['what', 'ms, median (least to most)', `to ${to}`, 'processor, ms', `to ${to}`];
  const lines = [heads, heads.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`);
  return `${lines.join('\n')}\n\n${rounds} rounds, in turns.`;
}

/** How many wanted a processor in the last minute. */
export function loadNow() {
  return loadavg()[0].toFixed(1);
}

/** An exit status other than 0 ends the measurement, which would be meaningless. */
export function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')}: exit ${code}\n${Buffer.concat(output)}`));
    });
  });
}

/** Milliseconds of all children that have ended, and of theirs (proc(5)); NaN where there is no /proc. */
function processorOfChildren() {
  try {
    const text = readFileSync('/proc/self/stat', 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // cutime and cstime, the 16th and 17th, of which the first two are cut off; USER_HZ is 100 everywhere.
    return (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    return Number.NaN;
  }
}

function sumOf(numbers) {
  return numbers.reduce((sum, one) => sum + one, 0);
}

export function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}
