import type { Ending } from './attempt.ts';
import { boundaries, faults } from './boundaries.ts';
import { sequenceCounts } from './operations.ts';

/**
 * The page that tells operators what was tried, and how it ended. `endings` by boundary, fault and mode, a
 * line each.
 */
export function table(endings: ReadonlyMap<string, Ending>): string {
  const cell = (boundary: string, fault: string) => {
    const words = [...endings]
      .filter(([key]) => key.startsWith(`${boundary}\n${fault}\n`))
      .map(([, ending]) => (ending.wrong.length > 0 ? `FAILED (${ending.word})` : ending.word));
    return [...new Set(words)].sort().join(' or ');
  };
  const rows = boundaries.map(
    ({ name }) => `| ${name} | ${faults.map((fault) => cell(name, fault)).join(' | ')} |`,
  );
  return `${introduction}
| moment | ${faults.join(' | ')} |
| --- |${faults.map(() => ' --- |').join('')}
${rows.join('\n')}
${sequences}`;
}

const introduction = `# Reliability

For operators who want to know what a failure at a bad moment does to a host. \`npm run test:faults\`
(\`test/faults\`) writes this page. Each cell is a run on a real host, with systemd, nginx, another service and
files of every kind (changed, made, removed, a link, a directory, a unit's drop-in). The run was stopped
exactly at the moment of its row, and then the fault of its column happened. The host has a small disk of its
own (ext4).

Whatever the cell says, all of this held; otherwise the test would have failed:

- every file is as before or as planned, byte for byte, with mode and owner, and all files are of the same
  kind;
- both services are active, and run with exactly the files that are there;
- no file and no unit of the run remains in \`/etc\`, \`/run\` or \`/tmp\`;
- what the command said is true of the host;
- the next \`apply\` ends in sync.

Each fault was tried with a run that its host commits by itself, and with one that is confirmed from outside.
If these end differently, the cell has both results (without a controller, nobody confirms). \`npm test\` tries
three cells of each row, different ones each time, with a run that its host commits by itself.

\`after\` means as planned, and \`before\` means as it was. "Until fixed" means that the disk could not be
written to, so nobody could bring the host to either state. The command and every later look say so. Once the
disk can be written to again, the next \`apply\`, the next boot of the host, or \`sh /var/lib/clusterproxy/settle
RUN\` puts the host in order.

"Handler hangs", "handler fails" and "unit dies" (two seconds after its restart) begin at that moment, and
happen only with the new files. The rows that begin with "revert" are of a run that was not confirmed from
outside. The rows that begin with "boot unit" are of a host that lost its power after the first handler and is
booting again; there, "power lost" is a second loss of power.
`;

const sequences = `
## Random sequences

The tests also put hosts through random sequences of events (\`test/faults/sequences.lab.test.ts\`): \`apply\`,
also of files that nginx refuses; \`rollback\`; \`retire\`; edits by hand (of managed keys, of other lines in the
same file, of whole files, links and directories that clusterproxy manages); and package upgrades that replace
a file by one with an old time. In the middle of any of these runs, before a call chosen at random, the host
loses power, the runner is killed alone or with all its processes, the controller is killed, or somebody edits
the very file that is being changed. After each step:

- everything below the folders concerned is as before or as \`plan\` showed it, byte for byte, all of the same
  kind, and what the command said is true;
- what others wrote is there, line for line; a file that they edit in the middle of a run keeps their edit;
- services are active, and after an \`apply\` they run with the planned values; the next plan is empty;
- nothing temporary of a run remains, and no run remains open;
- after \`retire\`, everything that clusterproxy added is removed.

\`npm test\` tries ${sequenceCounts.usual} sequences with a new seed each time, \`npm run test:faults\` tries ${sequenceCounts.full}. A failure prints the
sequence, and how to try exactly that one again.
`;
