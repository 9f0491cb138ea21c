// The simulated cluster as a process of its own, so that what it takes isn't counted for the program:
//
//   node bench/fleet/process.mjs FOLDER NODES [PORT]
//
// Started by fork(): tells how to reach it, and does what it is told (`Manner`, or 'forget').
import { fileURLToPath } from 'node:url';
import { loadTypeScript } from '../load-typescript.mjs';

const [folder, nodes, port = '2222'] = process.argv.slice(2);
const { startFleet } = await loadTypeScript(fileURLToPath(new URL('./fleet.ts', import.meta.url)));
const fleet = await startFleet(folder, Number(nodes), Number(port));
process.on('message', (told) => {
  if (told === 'forget') fleet.forget();
  else fleet.behave(told);
  process.send('done');
});
process.on('disconnect', () => void fleet.close().then(() => process.exit()));
process.send({ inventory: fleet.inventory, originals: fleet.originals, names: fleet.names });
