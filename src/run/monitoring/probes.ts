import { createHash } from 'node:crypto';
import type { HttpQuestion, OutsideCheck } from '../../model/outside-check.ts';

/** What one host's checks ask through the door. */
export interface ProbedHost {
  readonly host: string;
  readonly role: string;
  readonly checks: readonly OutsideCheck[];
}

/** One address that blackbox_exporter is to ask, and by which of its modules. */
export interface Probe {
  readonly host: string;
  readonly role: string;
  readonly check: string;
  readonly url: string;
  readonly module: string;
}

/** A module of blackbox_exporter, in the form of its configuration file. */
export type ProbeModule = Readonly<Record<string, unknown>>;

export interface Probes {
  readonly probes: readonly Probe[];
  /** by name */
  readonly modules: Readonly<Record<string, ProbeModule>>;
}

/**
 * What blackbox_exporter is to ask: of the checks of all hosts those that ask for something of the host
 * through the door. What the door answers by itself, such as a redirect, tells nothing of the host; what is
 * asked during a meeting needs one. Hosts that are asked in the same way share a module.
 */
export function probesThroughDoor(
  hosts: readonly ProbedHost[],
  { hostname, cluster }: { readonly hostname: string; readonly cluster: string },
): Probes {
  const asked = hosts.flatMap(({ host, role, checks }) =>
    checks.flatMap(({ id, question, during }) =>
      question.kind === 'http' && during === undefined && isThroughDoor(question, hostname)
        ? [{ host, role, check: id, url: question.url, asks: moduleFor(question) }]
        : [],
    ),
  );
  const modules: Record<string, ProbeModule> = {};
  const probes = asked.map(({ asks, ...probe }) => {
    const isAlone = asked.every((one) => one.check !== probe.check || same(one.asks, asks));
    const module = `clusterproxy_${cluster}_${probe.check}${isAlone ? '' : `_${shortHash(asks)}`}`;
    modules[module] = asks;
    return { ...probe, module };
  });
  return { probes, modules };
}

function isThroughDoor({ url, status }: HttpQuestion, hostname: string): boolean {
  return new URL(url).hostname === hostname.toLowerCase() && status.includes(200);
}

/**
 * The same question in the words of blackbox_exporter. Source: its CONFIGURATION.md; all of it is there since
 * 0.20.
 */
function moduleFor({ status, headers, contains, answers, type }: HttpQuestion): ProbeModule {
  const wantedHeaders = [
    ...(type === undefined ? [] : [{ header: 'Content-Type', regexp: `(?i)^${escaped(type)}([ ;]|$)` }]),
    ...Object.entries(answers)
      .filter(([, values]) => !values.includes(''))
      .map(([header, values]) => ({ header, regexp: `^(${values.map(escaped).join('|')})$` })),
  ];
  return {
    prober: 'http',
    timeout: '10s',
    http: {
      method: 'GET',
      // Its own default is IPv6 wherever the name has an address, whether the machine has a way there or not.
      preferred_ip_protocol: 'ip4',
      valid_status_codes: [...status],
      follow_redirects: false,
      fail_if_not_ssl: true,
      ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers.map(named)) }),
      ...(contains.length === 0
        ? {}
        : { fail_if_body_not_matches_regexp: contains.map((text) => asWritten(escaped(text))) }),
      ...(wantedHeaders.length === 0 ? {} : { fail_if_header_not_matches: wantedHeaders }),
    },
  };
}

/** `Name: value` */
function named(header: string): readonly [string, string] {
  const at = header.indexOf(':');
  return [header.slice(0, at), header.slice(at + 1).trim()];
}

/** Plain text in a regular expression of Go. */
function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** As verify reads bodies: JSON may write a slash as `\/`, and a URL in a query as `%2F`. */
function asWritten(expression: string): string {
  return expression.replaceAll('/', String.raw`(/|\\/|%2F)`);
}

function same(one: ProbeModule, other: ProbeModule): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function shortHash(module: ProbeModule): string {
  return createHash('sha256').update(JSON.stringify(module)).digest('hex').slice(0, 8);
}
