/** A page of the manual in a list of them. */
export interface PageTold {
  /** as `clusterproxy docs` takes it */
  readonly name: string;
  readonly title: string;
  /** its first sentence: for whom it is, and about what */
  readonly about: string;
  /** Markdown; only of the one that was asked for */
  readonly text?: string | undefined;
}
