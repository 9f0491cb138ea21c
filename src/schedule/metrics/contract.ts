/** A metric as others rely on it: docs/metrics.md lists the same. All of them are gauges. */
export interface Metric {
  readonly name: string;
  readonly labels: readonly string[];
  /** what it counts or measures; the unit ends the name */
  readonly help: string;
}

const [ofCluster, ofHost] = [['cluster'], ['cluster', 'host', 'role']] as const;

/**
 * Names and labels are a contract. No label holds anything but names of the inventory and of its playbook,
 * or words of ours: their number is bounded by the number of hosts. Instants are gauges with the time since
 * the epoch, as https://prometheus.io/docs/practices/instrumentation/#timestamps-not-time-since asks for.
 */
export const contract = [
  {
    name: 'clusterproxy_info',
    labels: ['cluster', 'playbook', 'version'],
    help: 'Always 1; the version of clusterproxy and the playbook of the cluster.',
  },
  {
    name: 'clusterproxy_last_run_timestamp_seconds',
    labels: ofCluster,
    help: 'When the last look or run ended, however it went.',
  },
  {
    name: 'clusterproxy_last_run_success',
    labels: ofCluster,
    help: 'Whether the last look or run reached all hosts and nothing failed (1), or not (0).',
  },
  {
    name: 'clusterproxy_last_run_exit_status',
    labels: ofCluster,
    help: 'What the last look or run exited with.',
  },
  {
    name: 'clusterproxy_last_run_duration_seconds',
    labels: ofCluster,
    help: 'How long the last look or run took.',
  },
  {
    name: 'clusterproxy_last_success_timestamp_seconds',
    labels: ofCluster,
    help: 'When the last look or run ended that reached all hosts and in which nothing failed.',
  },
  {
    name: 'clusterproxy_phase_duration_seconds',
    labels: ['cluster', 'phase'],
    help: 'How long one phase of the last look or run took; of a phase that each host has, on the slowest host.',
  },
  {
    name: 'clusterproxy_hosts',
    labels: ['cluster', 'role', 'status'],
    help: 'How many hosts of a role have a status.',
  },
  {
    name: 'clusterproxy_host_status',
    labels: ['cluster', 'host', 'role', 'status'],
    help: 'Always 1; the status that a host has.',
  },
  {
    name: 'clusterproxy_host_recipe_info',
    labels: ['cluster', 'host', 'role', 'recipe'],
    help: 'Always 1; the recipe that was chosen for a host by what was found on it, such as the version.',
  },
  {
    name: 'clusterproxy_host_differences',
    labels: ['cluster', 'host', 'role', 'kind'],
    help: 'How many things of a kind on a host are not as planned: file, directory, symlink, unit or action.',
  },
  {
    name: 'clusterproxy_host_differs_since_timestamp_seconds',
    labels: ofHost,
    help: 'Since when something on a host is not as planned, without a break.',
  },
  {
    name: 'clusterproxy_host_owed_restarts',
    labels: ofHost,
    help: 'How many restarts, reloads and other handlers a host is owed.',
  },
  {
    name: 'clusterproxy_host_deferred_since_timestamp_seconds',
    labels: ofHost,
    help: 'Since when a host is put off, because people are there or for lack of a window.',
  },
  {
    name: 'clusterproxy_host_unsettled_runs',
    labels: ofHost,
    help: 'How many earlier runs are not finished on a host, or need a person.',
  },
  {
    name: 'clusterproxy_host_lease_since_timestamp_seconds',
    labels: ofHost,
    help: 'Since when another run has a host reserved.',
  },
  {
    name: 'clusterproxy_hold_since_timestamp_seconds',
    labels: ofCluster,
    help: 'Since when a hold freezes the cluster.',
  },
  {
    name: 'clusterproxy_failed_checks',
    labels: ['cluster', 'role'],
    help: 'How many of the checks that were asked through the proxy or the balancer came out wrong.',
  },
  {
    name: 'clusterproxy_certificate_end_timestamp_seconds',
    labels: ['cluster', 'name'],
    help: 'When the certificate ends that is shown for a name; where hosts show several, the first to end.',
  },
  {
    name: 'clusterproxy_certificate_late_timestamp_seconds',
    labels: ['cluster', 'name'],
    help: 'By when whatever renews that certificate should have done so, by the length of its lifetime.',
  },
] as const satisfies readonly Metric[];

export type MetricName = (typeof contract)[number]['name'];

/** One line of the exposition format. */
export interface Sample {
  readonly name: MetricName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
