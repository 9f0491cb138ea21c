import { readFileSync } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { carryOut } from '../../src/host/carry-out.ts';
import type { TransactionEvent } from '../../src/host/run-log.ts';
import { connect } from '../../src/ssh/connect.ts';
import { absent, change, directory, file, reloadNginx, restartWeb, type Sample, sampleHost, transaction } from './sample.ts';

let sample: Sample;
beforeEach(async () => {
  sample = await sampleHost();
});
afterEach(async () => {
  await sample.close();
});

const properties = '/etc/bigbluebutton/bbb-web.properties';
const site = '/etc/nginx/conf.d/site.conf';
const text = (path: string) => readFileSync(sample.path(path.slice(1)), 'utf8');

test('a plan is carried out', async () => {
  const events: TransactionEvent[] = [];
  const before = text(properties);
  const result = await carryOut(
    () => connect(sample.host.target),
    transaction(
      [
        change(properties, file(before), file(`${before}x=1\n`, 0o640)),
        change('/etc/new', absent, directory(0o750)),
        change('/etc/new/deep', absent, directory()),
        change('/etc/new/deep/file', absent, file('hello', 0o600)),
        change('/etc/new/link', absent, { kind: 'symlink', target: 'deep/file' }),
        change(site, file(text(site)), file('server {\n  listen 81;\n}\n')),
      ],
      [restartWeb, reloadNginx],
    ),
    { onEvent: (event) => events.push(event) },
  );
  console.log(result, events);
  expect(result.state).toBe('committed');
});
