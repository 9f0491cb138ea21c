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

This page is written by \`npm run test:faults\` (\`test/faults\`). Each cell is a run on a real host, with systemd,
nginx, another service and files of every kind (changed, made, removed, a link, a directory, a unit's drop-in), that was stopped
exactly at the moment of its row, where the fault of its column happened to it. The host has a small disk of its own (ext4).

Whatever the cell says, this held, else the test had failed:

- every file is byte for byte, with mode and owner, as before or as planned, and all of them are of one kind;
- both services are active, and run with the very files that are there;
- nothing of a run's own is left in \`/etc\`, \`/run\` or \`/tmp\`, neither file nor unit;
- what the command said is what the host is;
- the next \`apply\` ends in sync.

Each was tried with a run that its host commits by itself, and with one that is confirmed from outside; where these end differently, both
are told (without a controller nobody confirms). \`npm test\` tries three cells of each row, others each time, with a run
that its host commits by itself.

\`after\`: as planned; \`before\`: as it was. "Until mended": the disk could not be written to, so the host could not be brought to either
by anybody. The command and every later look say so; the next \`apply\`, the next start of the host, or
\`sh /var/lib/clusterproxy/settle RUN\` brings it in order once the disk can be written to again.

"Handler hangs", "handler fails" and "unit dies" (two seconds after its restart) begin at that moment, and with the new files only. The rows
that begin with "revert" are of a run that was not confirmed from outside; those that begin with "boot unit" of a host that lost its power after
the first handler and is being started again. "Power lost" is a second loss there.
`;

const sequences = `
## Random sequences

Besides, hosts live through random sequences of what can happen to them (\`test/faults/sequences.lab.test.ts\`): \`apply\`, also of what
nginx refuses, \`rollback\`, \`retire\`, edits by hand (of our keys, of others' lines in the same file, of whole files, links and directories of
ours), package upgrades that replace a file by one with an old time. In the middle of any of these runs, before a call chosen at random, the
host loses power, the runner is killed alone or with all its processes, the controller is killed, or somebody edits the very file that is being changed.
After each step:

- everything below the folders concerned is byte for byte as before or as \`plan\` showed it, all of one kind, and what the command said is true;
- what others wrote is there, line for line; a file that they edit in the middle of a run keeps their edit;
- services are active, and after an \`apply\` run with the planned values; the next plan is empty;
- nothing temporary of a run is left, and no run is left open;
- after \`retire\` nothing of ours is left.

\`npm test\` tries ${sequenceCounts.usual} sequences with a new seed each time, \`npm run test:faults\` ${sequenceCounts.full}. A failure prints the sequence, and how to try that very one again.
`;
