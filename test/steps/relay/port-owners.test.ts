import { describe, expect, it } from 'vitest';
import { noReads } from '../../../src/model/reads.ts';
import { askListeners, refuseOtherListeners } from '../../../src/steps/relay/port-owners.ts';
import { StepHost } from '../../../src/virtual/step-host.ts';
import { VirtualHost } from '../../../src/virtual/virtual-host.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

function judged(output: string, ports: readonly number[] = [80, 443], status = 0) {
  const snapshot = snapshotOf(
    { name: 'proxy-1', answers: [[askListeners, { status, output }]] },
    { ...noReads, queries: [askListeners] },
  );
  const host = new StepHost(new VirtualHost(snapshot), 'the-step');
  return () => refuseOtherListeners(host, { program: 'haproxy', ports });
}

const line = (local: string, program: string) =>
  `LISTEN 0      511    ${local}      0.0.0.0:*    users:(("${program}",pid=12,fd=6),("${program}",pid=13,fd=6))\n`;

describe('another program on a port that is needed', () => {
  it.each([
    ['0.0.0.0:443', 443],
    ['[::]:443', 443],
    ['127.0.0.1:80', 80],
  ])('is named: %s', (local, port) => {
    expect(judged(line('0.0.0.0:22', 'sshd') + line(local, 'nginx'))).toThrow(
      expect.objectContaining({
        code: 'port-taken',
        message: `nginx listens on port ${port} of this host, which haproxy needs`,
      }),
    );
  });

  it('is none where it is the program itself, another port, or not known', () => {
    expect(judged(line('*:443', 'haproxy') + line('*:8443', 'nginx') + line('*:8080', 'java'))).not.toThrow();
    expect(judged(line('*:80', 'nginx'), [443])).not.toThrow();
    expect(judged('sh: ss: not found', [80], 127)).not.toThrow();
    expect(judged('')).not.toThrow();
  });
});
