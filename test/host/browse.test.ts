import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { probe } from '../../src/host/probe.ts';
import { noReads, type Query, queryKey } from '../../src/model/reads.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { type Sample, sampleHost } from './sample.ts';

let sample: Sample;
beforeEach(async () => {
  sample = await sampleHost();
});
afterEach(async () => {
  await sample.close();
});

const url = (host: string, path: string) => `https://proxy.example.com/${host}/${path}`;
const query = (host: string, path: string): Query => ({
  kind: 'browse',
  args: [host, '', url(host, path), 'A: b'],
});

it('asks the next question for a host unless nothing works, and whoever answers the one before', async () => {
  const curl = join(dirname(sample.root), 'work', 'bin', 'curl');
  rmSync(curl);
  writeFileSync(
    curl,
    `#!/bin/sh\nfor last; do :; done\ncase $last in */api) echo 'HTTP/1.1 404 Not Found' ;; */bad) echo 'HTTP/1.1 502 Bad Gateway' ;; */silent) echo 'curl: (28) Operation timed out' ;; *) printf 'HTTP/1.1 200 OK\\r\\n\\r\\n%s' "$last" ;; esac\n`,
  );
  chmodSync(curl, 0o755);
  const queries = [
    ...[query('a', 'api'), query('a', 'page'), query('b', 'page'), query('b', 'other')],
    ...[query('c', 'bad'), query('c', 'page'), query('d', 'silent'), query('d', 'page')],
  ];
  const connection = await connect(sample.host.target);
  try {
    const { answers } = await probe(connection, 'proxy-1', { ...noReads, queries });
    expect(queries.map((one) => answers.get(queryKey(one))?.output)).toEqual([
      'HTTP/1.1 404 Not Found',
      `HTTP/1.1 200 OK\r\n\r\n${url('a', 'page')}`,
      `HTTP/1.1 200 OK\r\n\r\n${url('b', 'page')}`,
      `HTTP/1.1 200 OK\r\n\r\n${url('b', 'other')}`,
      'HTTP/1.1 502 Bad Gateway',
      undefined,
      'curl: (28) Operation timed out',
      undefined,
    ]);
  } finally {
    await connection.close();
  }
});
