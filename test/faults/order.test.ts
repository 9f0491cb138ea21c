import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { transact } from '../../src/host/transact.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { absent, change, file, reloadNginx, restartWeb, sampleHost, transaction } from '../host/sample.ts';
import { expectOrder, traced } from './call-order.ts';

const usable = spawnSync('strace', ['-f', '-qq', '-e', `trace=${traced}`, 'true']).status === 0;

test.skipIf(!usable)(
  'data reach the disk before names change, and names before what relies on them',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'clusterproxy-trace-'));
    const output = join(folder, 'trace');
    // The unit's programs are descendants of what receives them, hence traced already.
    const shell = join(folder, 'shell');
    writeFileSync(
      shell,
      `#!/bin/sh
grep -q '^TracerPid:.0$' /proc/self/status || exec sh "$@"
exec strace -f -qq -y -A -o ${output} -e trace=${traced} sh "$@"
`,
      { mode: 0o755 },
    );
    const sample = await sampleHost({ shell: [shell] });
    try {
      const site = '/etc/nginx/conf.d/site.conf';
      const before = file(readFileSync(sample.path(site.slice(1))));
      const plan = transaction(
        [change(site, before, file('server {\n}\n')), change('/etc/made', absent, file('new\n'))],
        [restartWeb, reloadNginx],
      );
      const longer = plan.handlers.map((handler) => ({ ...handler, timeout: 30 }));
      const result = await transact(() => connect(sample.host.target), { ...plan, handlers: longer });
      expect(result.state).toBe('committed');

      expectOrder({
        trace: readFileSync(output, 'utf8'),
        run: plan.run,
        at: (path) => sample.path(path.slice(1)),
        replaced: site,
        made: '/etc/made',
      });
    } finally {
      await sample.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
