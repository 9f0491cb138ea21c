/** Where a program of a host tells what it does: on the host's loopback address alone. */
export interface Scraped {
  readonly port: number;
  readonly path: string;
  /** `stub_status` of nginx has to be translated for Prometheus; the others speak its own format */
  readonly format: 'prometheus' | 'stub_status';
  /**
   * Of a program that tells of all clusters that it serves: what the label `proxy` of this cluster's series
   * is, and of any cluster's, as regular expressions for the whole of it.
   */
  readonly sections?: { readonly own: string; readonly all: string } | undefined;
}
