type Variables = Readonly<Record<string, string | undefined>>;

/** Whether traces are sent, by OpenTelemetry's variables; `unusable`: they ask for what can't be done. */
export type TraceSettings =
  | { readonly kind: 'off' }
  | { readonly kind: 'on'; readonly parent: TraceParent }
  | { readonly kind: 'unusable'; readonly why: string };

/** Whose part the trace is (https://www.w3.org/TR/trace-context/). */
export interface TraceParent {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/**
 * Only an endpoint turns traces on. What else the variables say is read by the libraries. Pure. See
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/; an empty variable is one that isn't set.
 */
export function traceSettings(variables: Variables): TraceSettings {
  const given = (name: string) => variables[name]?.trim() || undefined;
  const ofTraces = (name: string) =>
    given(`OTEL_EXPORTER_OTLP_TRACES_${name}`) ?? given(`OTEL_EXPORTER_OTLP_${name}`);
  const endpoint = ofTraces('ENDPOINT');
  const isDisabled = given('OTEL_SDK_DISABLED')?.toLowerCase() === 'true';
  const exporters = given('OTEL_TRACES_EXPORTER')?.split(',') ?? ['otlp'];
  if (endpoint === undefined || isDisabled || !exporters.includes('otlp')) return { kind: 'off' };
  const protocol = ofTraces('PROTOCOL') ?? 'http/protobuf';
  if (protocol !== 'http/protobuf')
    return { kind: 'unusable', why: `the protocol ${protocol} is not known here, only http/protobuf` };
  if (!/^https?:\/\//i.test(endpoint) || !URL.canParse(endpoint))
    return { kind: 'unusable', why: 'their endpoint is not a URL that begins with http:// or https://' };
  const traceparent = given('TRACEPARENT');
  const tracestate = given('TRACESTATE');
  return {
    kind: 'on',
    parent: {
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(tracestate === undefined ? {} : { tracestate }),
    },
  };
}
