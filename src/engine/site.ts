/** What the workers of one site serve, by the names that the engine knows them by. */
export interface SiteServices {
  /** keyed by the cluster's name: looks at it, and changes it, one change at a time */
  readonly cluster: string;
  /** keyed by the change's id: asks whether it may begin, and carries it out */
  readonly change: string;
}

/** Each site has its own, so that a cluster is reached by the workers that have its keys. */
export function servicesOf(site: string): SiteServices {
  return { cluster: `clusterproxy.${site}.cluster`, change: `clusterproxy.${site}.change` };
}

/** Whether a site may be called so: the name is a part of those of its services. */
export function isSite(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(text);
}
