import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProgressEvent } from '../../src/model/progress.ts';
import { resultWithoutHosts } from '../../src/model/result.ts';
import { traceSettings } from '../../src/record/traces/settings.ts';
import { SpanTree } from '../../src/record/traces/span-tree.ts';
import { Traces } from '../../src/record/traces/traces.ts';
import { reportDocument } from '../../src/report/document/document.ts';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import type { View } from '../../src/report/view.ts';
import { SecretRegister } from '../../src/secrets/register.ts';
import { type Collector, startCollector } from '../support/otlp.ts';

const document = (exitStatus = 0, hosts: readonly object[] = [], more: object = {}): ReportDocument => ({
  ...reportDocument(resultWithoutHosts('apply'), { exitStatus }, new SecretRegister()),
  ...{ run: 'run-1', ...more },
  hosts: hosts as ReportDocument['hosts'],
});

describe('the settings', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' };
  it.each([
    [{}, { kind: 'off' }],
    [{ OTEL_SERVICE_NAME: 'x', TRACEPARENT: 'y' }, { kind: 'off' }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, { kind: 'off' }],
    [endpoint, { kind: 'on', parent: {} }],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://x/y' }, { kind: 'on', parent: {} }],
    [
      { ...endpoint, TRACEPARENT: 'a', TRACESTATE: 'b' },
      { kind: 'on', parent: { traceparent: 'a', tracestate: 'b' } },
    ],
    [{ ...endpoint, OTEL_SDK_DISABLED: 'TRUE' }, { kind: 'off' }],
    [
      { ...endpoint, OTEL_SDK_DISABLED: 'no' },
      { kind: 'on', parent: {} },
    ],
    [{ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }, { kind: 'off' }],
    [
      { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
      { kind: 'on', parent: {} },
    ],
    [
      { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      { kind: 'unusable', why: 'the protocol grpc is not known here, only http/protobuf' },
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' },
      { kind: 'unusable', why: 'their endpoint is not a URL that begins with http:// or https://' },
    ],
  ])('%j', (variables, settings) => expect(traceSettings(variables)).toEqual(settings));
});

describe('spans', () => {
  const told = (
    events: readonly (readonly [number, ProgressEvent])[],
    end: number,
    ended: ReportDocument,
  ) => {
    let now = 1_000;
    const tree = new SpanTree({ command: 'apply', cluster: 'prod' }, () => now);
    for (const [at, event] of events) {
      now = at;
      tree.progress(event);
    }
    now = end;
    return tree.end(ended);
  };
  const host = (name: string, phase: string, detail?: string) =>
    ({ kind: 'host', host: name, phase, detail }) as ProgressEvent;

  it('are the run, its hosts, and what they went through', () => {
    const root = told(
      [
        [1_010, { kind: 'looking', total: 2 }],
        [1_030, { kind: 'looked', host: 'b', ok: true }],
        [1_050, { kind: 'looked', host: 'a', ok: true }],
        [2_000, host('a', 'waiting', 'for the class of somebody')],
        [2_010, host('a', 'handler', 'restart-web')],
        [2_500, host('a', 'done')],
        [2_600, host('b', 'uploading')],
      ],
      3_000,
      document(3, [
        { name: 'a', role: 'node', status: 'changed', recipe: '3.0' },
        { name: 'b', role: 'node', status: 'rolled-back', recipe: null, error: { code: 'check-failed' } },
      ]),
    );
    expect(root).toMatchObject({
      ...{ name: 'clusterproxy apply', start: 1_000, end: 3_000, failed: 'exit status 3' },
      attributes: {
        'clusterproxy.command': 'apply',
        'clusterproxy.cluster': 'prod',
        'clusterproxy.run': 'run-1',
        'clusterproxy.exit_status': 3,
        'clusterproxy.hosts': 2,
      },
    });
    const [b, a] = root.children;
    expect([a?.name, a?.start, a?.end, a?.failed]).toEqual(['host a', 1_010, 2_500, undefined]);
    expect([b?.name, b?.start, b?.end, b?.failed]).toEqual(['host b', 1_010, 3_000, 'check-failed']);
    expect(b?.attributes).toEqual({
      'clusterproxy.host': 'b',
      'clusterproxy.role': 'node',
      'clusterproxy.status': 'rolled-back',
      'error.type': 'check-failed',
    });
    expect(a?.children.map(({ name, start, end }) => [name, start, end])).toEqual([
      ['looking', 1_010, 1_050],
      ['waiting', 2_000, 2_010],
      ['handler', 2_010, 2_500],
    ]);
    expect(a?.children.map(({ attributes }) => attributes['clusterproxy.detail'])).toEqual([
      undefined,
      undefined,
      'restart-web',
    ]);
  });

  it('of what was put off are no errors', () => {
    for (const status of [0, 2, 5]) expect(told([], 2_000, document(status)).failed).toBeUndefined();
  });
});

describe('a trace', () => {
  const shown: string[] = [];
  const view: View = {
    show: (chapter) => void shown.push(chapter),
    end: () => void shown.push('end'),
    progress: ({ kind }) => void shown.push(kind),
    message: (text) => void shown.push(text),
  };
  let collector: Collector | undefined;
  beforeEach(() => {
    shown.length = 0;
    for (const name of Object.keys(process.env)) if (/^(OTEL_|TRACE)/.test(name)) vi.stubEnv(name, undefined);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await collector?.close();
    collector = undefined;
  });

  const secrets = new SecretRegister();
  secrets.add('s3cret-of-ours');
  const traces = (limit = 20_000) =>
    new Traces({
      ...{ variables: process.env, now: Date.now, limit, version: () => '1.2.3' },
      maskAll: (data) => secrets.maskAll(data),
    });
  /** Carries out a command that looks at one host. */
  const command = async (
    all: Traces,
    ended = document(0, [{ name: 'a', status: 'in-sync', recipe: null, role: 'node' }]),
  ) => {
    all.begin({ command: 'apply', cluster: 'prod' });
    const traced = all.recording(view);
    traced.progress({ kind: 'looking', total: 1 });
    traced.progress({ kind: 'looked', host: 'a', ok: true });
    traced.progress({ kind: 'host', host: 'a', phase: 'handler', detail: 'restart s3cret-of-ours' });
    traced.progress({ kind: 'host', host: 'a', phase: 'done' });
    const unsent = await all.send(ended);
    traced.end(ended);
    return unsent;
  };

  it('is part of the one that the environment names, and goes where it says', async () => {
    collector = await startCollector();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `${collector.url}/`);
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-token=abc%20def');
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=school,service.name=other');
    vi.stubEnv('OTEL_SERVICE_NAME', 'night-shift');
    vi.stubEnv('TRACEPARENT', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    const all = traces();
    expect(await command(all)).toBeUndefined();
    expect(await all.close()).toBeUndefined();
    expect(shown).toEqual(['looking', 'looked', 'host', 'host', 'end']);
    expect(collector.requests).toHaveLength(1);
    const [request] = collector.requests;
    expect(request?.path).toBe('/v1/traces');
    expect(request?.headers).toMatchObject({
      'x-token': 'abc def',
      'content-type': 'application/x-protobuf',
    });
    expect(request?.resource).toMatchObject({
      ...{ 'service.name': 'night-shift', 'service.version': '1.2.3' },
      'deployment.environment.name': 'school',
    });
    const spans = request?.spans ?? [];
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(
      new Set(['0af7651916cd43dd8448eb211c80319c']),
    );
    const of = (name: string) => spans.find((span) => span.name === name);
    expect(spans.map(({ name }) => name).sort()).toEqual([
      'clusterproxy apply',
      'handler',
      'host a',
      'looking',
    ]);
    expect(of('clusterproxy apply')).toMatchObject({ parentId: 'b7ad6b7169203331', status: 0 });
    expect(of('host a')?.parentId).toBe(of('clusterproxy apply')?.spanId);
    for (const name of ['looking', 'handler']) expect(of(name)?.parentId).toBe(of('host a')?.spanId);
    expect(of('handler')?.attributes['clusterproxy.detail']).toBe('restart ********');
    expect(request?.body.includes('s3cret')).toBe(false);
  });

  it('is one of its own without that, each time', async () => {
    collector = await startCollector();
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', `${collector.url}/here`);
    const all = traces();
    expect([await command(all), await command(all, document(3))]).toEqual([undefined, undefined]);
    expect(collector.requests.map(({ path }) => path)).toEqual(['/here', '/here']);
    const roots = collector.requests.flatMap(({ spans }) => spans.filter(({ parentId }) => parentId === ''));
    expect(roots.map(({ status, message }) => [status, message])).toEqual([
      [0, ''],
      [2, 'exit status 3'],
    ]);
    expect(new Set(roots.map(({ traceId }) => traceId)).size).toBe(2);
  });

  it('that is not sampled is not sent', async () => {
    collector = await startCollector();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
    vi.stubEnv('TRACEPARENT', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00');
    expect(await command(traces())).toBeUndefined();
    expect(collector.requests).toEqual([]);
  });

  it('of a command that failed is sent when the program ends', async () => {
    collector = await startCollector();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
    const all = traces();
    all.begin({ command: 'apply', cluster: 'prod' });
    const errors = [{ code: 'unexpected', message: 'oh' }];
    all.recording(view).end(document(1, [], { run: null, errors }));
    expect(await all.close()).toBeUndefined();
    expect(collector.requests.flatMap(({ spans }) => spans)).toMatchObject([
      { status: 2, message: 'unexpected', attributes: { 'error.type': 'unexpected' } },
    ]);
  });

  it('of a thousand hosts goes in several requests', async () => {
    collector = await startCollector();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
    const all = traces();
    all.begin({ command: 'check', cluster: 'prod' });
    const traced = all.recording(view);
    for (let number = 0; number < 1_000; number++)
      traced.progress({ kind: 'looked', host: `h${number}`, ok: true });
    expect(await all.send(document())).toBeUndefined();
    expect(collector.requests.map(({ spans }) => spans.length).sort()).toEqual([1, 1_000, 1_000]);
  });

  const unsent = (why: string) => `traces of this command could not be sent: ${why}`;

  it.each([
    ['refuses it', 404, 'the collector answered with 404'],
    ['wants to know who sends it', 401, 'the collector answered with 401'],
    ['is overloaded', 503, 'the collector did not take them'],
  ])('whose collector %s is told of', async (_, status, why) => {
    collector = await startCollector((response) => response.writeHead(status).end('s3cret-of-ours'));
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
    // Sent again within that time where that may help.
    expect(await command(traces(500))).toBe(unsent(why));
    expect(shown.at(-1)).toBe('end');
  });

  it('whose collector hangs, or is not there, holds up nobody', async () => {
    collector = await startCollector(() => undefined);
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
    expect(await command(traces(300))).toBe(unsent('the collector did not answer in time'));
    await collector.close();
    expect(await command(traces(300))).toMatch(
      /could not be sent: the collector can't be reached \(ECONNREFUSED\)/,
    );
  });

  it('that can not be sent by what the environment says is told of', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'localhost:4318');
    expect(await command(traces())).toBe(
      unsent('their endpoint is not a URL that begins with http:// or https://'),
    );
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9');
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x=%0A%00');
    expect(await command(traces(300))).toMatch(/could not be sent/);
  });

  it('is not made where nobody wants one', async () => {
    expect(await command(traces())).toBeUndefined();
    const all = traces();
    all.begin({ command: 'apply', cluster: 'prod' });
    expect(all.recording(view)).toBe(view);
  });
});
