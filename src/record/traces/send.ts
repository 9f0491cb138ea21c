import { defaultTextMapGetter, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BasicTracerProvider, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { TraceParent } from './settings.ts';
import type { SpanData } from './span-tree.ts';

export interface SendOptions {
  readonly parent: TraceParent;
  /** of clusterproxy */
  readonly version: string;
  /** how long it may take altogether; milliseconds */
  readonly limit: number;
}

/** So many in one request; a collector takes only so much at once. */
const batch = 1_000;

/**
 * Sends a trace to the collector that OpenTelemetry's variables name; returns why it could not be sent. The
 * libraries read of these variables what the resource is, whether it is sampled, and how it is sent.
 */
export async function sendTrace(root: SpanData, options: SendOptions): Promise<string | undefined> {
  const spans = spansOf(root, options);
  if (spans.length === 0) return undefined;
  const exporter = new OTLPTraceExporter({ timeoutMillis: options.limit });
  const batches = Array.from({ length: Math.ceil(spans.length / batch) }, (_, index) =>
    spans.slice(index * batch, (index + 1) * batch),
  );
  const late = new Promise<string>((resolve) => {
    setTimeout(() => resolve('the collector did not answer in time'), options.limit).unref();
  });
  const sent = Promise.all(batches.map((some) => sendBatch(exporter, some)));
  const why = await Promise.race([sent.then((all) => all.find((one) => one !== undefined)), late]);
  // It waits for what is on its way, and nobody waits for it.
  void exporter.shutdown().catch(() => undefined);
  return why;
}

function sendBatch(exporter: OTLPTraceExporter, spans: ReadableSpan[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    exporter.export(spans, ({ code, error }) =>
      resolve(code === ExportResultCode.SUCCESS ? undefined : reasonOf(error)),
    );
  });
}

/** Codes alone: what a collector says may quote what it was told. */
function reasonOf(error: Error | undefined): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (typeof code === 'number') return `the collector answered with ${code}`;
  if (typeof code === 'string') return `the collector can't be reached (${code})`;
  return error?.message === 'Request timed out'
    ? 'the collector did not answer in time'
    : 'the collector did not take them';
}

/** Those that are sampled, with their ids. */
function spansOf(root: SpanData, { parent, version }: SendOptions): ReadableSpan[] {
  const spans: ReadableSpan[] = [];
  const collecting: SpanProcessor = {
    onStart: () => undefined,
    onEnd: (span) => void spans.push(span),
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'clusterproxy', 'service.version': version }))
    .merge(detectResources({ detectors: [envDetector] }));
  const tracer = new BasicTracerProvider({ resource, spanProcessors: [collecting] }).getTracer(
    'clusterproxy',
    version,
  );
  const begin = (
    { name, start, end, attributes, failed, children }: SpanData,
    context: typeof ROOT_CONTEXT,
  ) => {
    const span = tracer.startSpan(
      name,
      { startTime: new Date(start), attributes: { ...attributes } },
      context,
    );
    if (failed !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failed });
    for (const child of children) begin(child, trace.setSpan(context, span));
    span.end(new Date(end));
  };
  const propagator = new W3CTraceContextPropagator();
  begin(root, propagator.extract(ROOT_CONTEXT, parent, defaultTextMapGetter));
  return spans;
}
