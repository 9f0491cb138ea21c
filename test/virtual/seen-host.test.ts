import { expect, it } from 'vitest';
import { noReads } from '../../src/model/reads.ts';
import { type PathState, tooLarge } from '../../src/model/snapshot.ts';
import { StepHost } from '../../src/virtual/step-host.ts';
import { VirtualHost } from '../../src/virtual/virtual-host.ts';
import { snapshotOf } from '../support/snapshot-from-folder.ts';

const path = '/etc/bigbluebutton/bbb-html5.yml';

it.each([
  [tooLarge, 'large-file', /is larger than 1 MiB.*leave it where it is/],
  ['a device', 'not-a-file', /is a device, not a readable file.*replace it with a regular file/],
])('text of what is %s: %s', (reason, code, words) => {
  const snapshot = snapshotOf({ files: {} }, noReads);
  const paths = new Map<string, PathState>([[path, { kind: 'unreadable', reason }]]);
  const host = new StepHost(new VirtualHost({ ...snapshot, paths }), 'client-settings');
  expect(() => host.text(path)).toThrow(expect.objectContaining({ code }));
  try {
    host.text(path);
  } catch (error) {
    const { message, next } = (error as { problem: { message: string; next: string } }).problem;
    expect(`${message}; ${next}`).toMatch(words);
  }
});
