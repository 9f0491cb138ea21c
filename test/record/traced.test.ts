import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { inventoryName } from '../../src/demo/cluster.ts';
import { buildProgram, clusterproxyAt, main } from '../cli/program.ts';
import { startCluster, type TestCluster } from '../run/cluster.ts';
import { type Collector, type SeenSpan, startCollector } from '../support/otlp.ts';

let cluster: TestCluster;
let inventory: string;
let collector: Collector;
beforeAll(async () => {
  [cluster] = await Promise.all([startCluster(), buildProgram()]);
  inventory = join(cluster.folder, inventoryName);
}, 120_000);
afterAll(() => cluster.close());
beforeEach(async () => {
  collector = await startCollector();
});
afterEach(() => collector.close());

const hosts = ['proxy-1', 'bbb-01', 'bbb-02', 'bbb-03'];
const run = (argv: readonly string[], variables: Record<string, string> = {}) =>
  clusterproxyAt(main, [...argv, '-i', inventory], variables);
const traced = (argv: readonly string[], variables: Record<string, string> = {}) =>
  run(argv, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...variables });

it('a run is one trace, with all of its hosts and what they went through', async () => {
  const parent = { TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
  const applied = await traced(['apply', '--yes', '--json'], parent);
  expect([applied.status, applied.stderr]).toEqual([0, expect.not.stringContaining('traces')]);
  const document = JSON.parse(applied.stdout);
  expect(collector.requests).toHaveLength(1);
  const spans = collector.requests.flatMap((request) => request.spans);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([parent.TRACEPARENT.slice(3, 35)]));
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  const below = ({ spanId }: SeenSpan) => spans.filter(({ parentId }) => parentId === spanId);
  const [root, ...others] = spans.filter(({ parentId }) => parentId === 'b7ad6b7169203331');
  expect(others).toEqual([]);
  if (root === undefined) throw new Error('no root');
  expect(root).toMatchObject({
    ...{ name: 'clusterproxy apply', status: 0 },
    attributes: {
      'clusterproxy.command': 'apply',
      'clusterproxy.cluster': 'demo',
      'clusterproxy.run': document.run,
      'clusterproxy.exit_status': 0,
    },
  });
  expect(
    below(root)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(hosts.map((name) => `host ${name}`).sort());
  for (const host of below(root)) {
    const name = host.attributes['clusterproxy.host'];
    expect(host.attributes['clusterproxy.status'], String(name)).toBe('changed');
    const phases = below(host);
    expect(phases.map((phase) => phase.name)).toEqual(
      expect.arrayContaining(['looking', 'uploading', 'prepared', 'swapped', 'handler']),
    );
    for (const { start, end, attributes } of phases) {
      expect(attributes['clusterproxy.host']).toBe(name);
      expect(root.start <= host.start && host.start <= start && start <= end).toBe(true);
      expect(end <= host.end && host.end <= root.end).toBe(true);
    }
  }
  expect(spans).toHaveLength(1 + 4 + below(root).flatMap(below).length);
});

it('a command that fails is a trace as well, and one that only looks', async () => {
  const failed = await traced(['rollback', '--yes', '--run', 'nobody-knows-it']);
  expect(failed.status).toBe(1);
  expect((await traced(['check', '--quiet'])).status).toBe(0);
  const roots = collector.requests.map(({ spans }) => spans.find(({ parentId }) => parentId === ''));
  expect(roots.map((root) => [root?.name, root?.status])).toEqual([
    ['clusterproxy rollback', 2],
    ['clusterproxy check', 0],
  ]);
});

it('a collector that is not there changes nothing but a warning', async () => {
  await collector.close();
  const gone = await traced(['check', '--json']);
  const words = "traces of this command could not be sent: the collector can't be reached (ECONNREFUSED)";
  expect([gone.status, JSON.parse(gone.stdout).warnings]).toEqual([0, [words]]);
  const failed = await traced(['rollback', '--yes', '--run', 'nobody-knows-it']);
  expect([failed.status, failed.stderr.split('could not be sent').length]).toEqual([1, 2]);
  expect(failed.stderr).toContain('warning: traces of this command');
});

interface Coverage {
  readonly result: readonly {
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly count: number }[];
    }[];
  }[];
}

it('nothing of it is loaded where nobody wants traces', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coverage-'));
  // https://nodejs.org/api/cli.html#node_v8_coveragedir: which functions have run. The bundle makes one of
  // each module that is loaded when it is needed, by the module's name.
  const loaded = async (variables: Record<string, string>) => {
    expect((await run(['check', '--quiet'], { NODE_V8_COVERAGE: folder, ...variables })).status).toBe(0);
    const files = readdirSync(folder).map((name) => join(folder, name));
    const functions = files.flatMap((file) =>
      (JSON.parse(readFileSync(file, 'utf8')) as Coverage).result.flatMap((script) => script.functions),
    );
    for (const file of files) rmSync(file);
    const ran = functions.filter(({ ranges: [whole] }) => (whole?.count ?? 0) > 0);
    expect(ran.length).toBeGreaterThan(100);
    return ran.filter(({ functionName: name }) => name.startsWith('node_modules/@opentelemetry/otlp-'));
  };
  try {
    expect(await loaded({ OTEL_SERVICE_NAME: 'x', OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toEqual([]);
    expect(await loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })).not.toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
