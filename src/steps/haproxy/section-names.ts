/**
 * The names of our sections. They carry the cluster's name, because two clusters may share one HAProxy and
 * have nodes of the same name. Neither clusters nor nodes have a colon in their names, so no two of them can
 * be mistaken for each other.
 */
const ours = 'clusterproxy';

/** The backend of a node's `place`-th server; nearly all nodes have only one. */
export function nodeBackend(cluster: string, node: string, place: number): string {
  return `${ours}:node:${cluster}:${node}${place === 1 ? '' : `:${place}`}`;
}

/** What answers browsers by TLS. */
export function secureFrontend(cluster: string): string {
  return `${ours}:https:${cluster}`;
}

/** What sends browsers there. */
export function plainFrontend(cluster: string): string {
  return `${ours}:http:${cluster}`;
}

/** Where ACME challenges are answered. */
export function challengeBackend(cluster: string): string {
  return `${ours}:acme:${cluster}`;
}

/** Where those are answered that another proxy has passed on. */
export function ownChallengeBackend(cluster: string): string {
  return `${ours}:acme-here:${cluster}`;
}

/** Where it is counted what each address does. */
export function addressBackend(cluster: string): string {
  return `${ours}:addresses:${cluster}`;
}

/** Where HAProxy's metrics are. */
export function metricsFrontend(cluster: string): string {
  return `${ours}:metrics:${cluster}`;
}

/**
 * As regular expressions, of which the whole name is meant: the names of a cluster's sections, and of those
 * of all clusters.
 */
export function sectionsOf(cluster: string): { readonly own: string; readonly all: string } {
  return { own: `${ours}:[^:]+:${cluster.replaceAll('.', '\\.')}(:.*)?`, all: `${ours}:.*` };
}

/** Whether a name is one of those that a cluster's sections may have. */
export function isOurSection(cluster: string, name: string): boolean {
  return (
    [
      secureFrontend,
      plainFrontend,
      challengeBackend,
      ownChallengeBackend,
      addressBackend,
      metricsFrontend,
    ].some((nameOf) => nameOf(cluster) === name) || name.startsWith(`${ours}:node:${cluster}:`)
  );
}
