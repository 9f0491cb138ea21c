import type { ProgressEvent } from '../../model/progress.ts';
import type { ReportDocument, ReportHost, ReportStatus } from '../../report/document/schema.ts';
import { HostPhases, type Phase } from '../phases.ts';

/** A span before it has ids. */
export interface SpanData {
  readonly name: string;
  /** milliseconds since the epoch */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** it failed; by what code, where there is one */
  readonly failed?: string | undefined;
  readonly children: readonly SpanData[];
}

export interface TraceBeginning {
  readonly command: string;
  readonly cluster: string;
}

/** Exit statuses of a command that did what it should: done, differs, deferred. */
const sound: readonly number[] = [0, 2, 5];

const failed: readonly ReportStatus[] = [
  ...(['failed', 'rolled-back', 'unreachable', 'damaged', 'unknown', 'open'] as const),
  ...(['kept', 'conflict', 'stuck'] as const),
];

/** Makes spans of what a view is told: run, hosts, phases. The times are those at which it was told. */
export class SpanTree {
  readonly #beginning: TraceBeginning;
  readonly #now: () => number;
  readonly #start: number;
  readonly #phases: HostPhases;

  /** `now`: milliseconds since the epoch */
  constructor(beginning: TraceBeginning, now: () => number) {
    this.#beginning = beginning;
    this.#now = now;
    this.#start = now();
    this.#phases = new HostPhases(this.#start);
  }

  progress(event: ProgressEvent): void {
    this.#phases.progress(event, this.#now());
  }

  /** All of it, once the command has ended. */
  end(document: ReportDocument): SpanData {
    const now = this.#now();
    const { run, summary, errors = [] } = document;
    const { exitStatus } = summary;
    const { command, cluster } = this.#beginning;
    const code = errors[0]?.code;
    return {
      name: `clusterproxy ${command}`,
      ...{ start: this.#start, end: now },
      attributes: {
        ...{ 'clusterproxy.command': command, 'clusterproxy.cluster': cluster },
        ...(run === null ? {} : { 'clusterproxy.run': run }),
        ...{ 'clusterproxy.exit_status': exitStatus, 'clusterproxy.hosts': document.hosts.length },
        ...(code === undefined ? {} : { 'error.type': code }),
      },
      ...(sound.includes(exitStatus) ? {} : { failed: code ?? `exit status ${exitStatus}` }),
      children: [...this.#phases.ended(now)].map(([name, phases]) =>
        hostSpan(
          name,
          phases,
          document.hosts.find((host) => host.name === name),
        ),
      ),
    };
  }
}

function hostSpan(name: string, phases: readonly Phase[], host: ReportHost | undefined): SpanData {
  const code = host?.error?.code;
  const children = phases.map(({ phase, detail, start, end }) => ({
    ...{ name: phase, start, end, children: [] },
    attributes: {
      ...{ 'clusterproxy.host': name, 'clusterproxy.phase': phase },
      ...(detail === undefined ? {} : { 'clusterproxy.detail': detail }),
    },
  }));
  return {
    name: `host ${name}`,
    start: Math.min(...children.map(({ start }) => start)),
    end: Math.max(...children.map(({ end }) => end)),
    attributes: {
      'clusterproxy.host': name,
      ...(host === undefined ? {} : { 'clusterproxy.role': host.role, 'clusterproxy.status': host.status }),
      ...(host === undefined || host.recipe === null ? {} : { 'clusterproxy.recipe': host.recipe }),
      ...(code === undefined ? {} : { 'error.type': code }),
    },
    ...(host !== undefined && failed.includes(host.status) ? { failed: code ?? host.status } : {}),
    children,
  };
}
