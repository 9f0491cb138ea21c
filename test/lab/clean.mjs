// Removes what crashed runs of the lab left on this machine: node test/lab/clean.mjs
import { build } from 'esbuild';

const { outputFiles } = await build({
  entryPoints: [new URL('./state.ts', import.meta.url).pathname],
  bundle: true,
  format: 'esm',
  platform: 'node',
  write: false,
});
const code = Buffer.from(outputFiles[0].contents).toString('base64');
const { removeLeftovers } = await import(`data:text/javascript;base64,${code}`);
const removed = removeLeftovers();
console.log(removed.length === 0 ? 'No lab was left behind.' : `Removed labs: ${removed.join(', ')}`);
