import { spawn } from 'node:child_process';

/** Told by the process itself when it ends: what all of its threads took, and how much it held at most. */
const reporting = `import { isMainThread } from 'node:worker_threads';
import { writeSync } from 'node:fs';
if (isMainThread) process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeSync(3, JSON.stringify({ processor: (userCPUTime + systemCPUTime) / 1_000, memory: Math.round(maxRSS / 1024) }));
});`;

/**
 * Runs a program of Node.js. Returns milliseconds by the clock (`wall`) and of the processor, and MiB. Throws
 * with what it said if it ends otherwise than expected, as that would be meaningless.
 */
export async function runMeasured(args, expected) {
  const hook = `data:text/javascript,${encodeURIComponent(reporting)}`;
  const start = performance.now();
  const child = spawn(process.execPath, ['--import', hook, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const told = [child.stdout, child.stderr, child.stdio[3]].map((stream) => {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString();
  });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  const wall = performance.now() - start;
  const [output, errors, usage] = told.map((text) => text());
  if (code !== expected) throw new Error(`${args.join(' ')}: exit ${code}\n${errors}${output.slice(-2_000)}`);
  return { wall, ...JSON.parse(usage) };
}
