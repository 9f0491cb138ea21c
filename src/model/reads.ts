/** A question that the fixed probe program can answer on the host: a word it knows, and arguments. */
export type Query =
  | {
      /**
       * `failed-challenges`: see src/host/remote/challenges.sh.
       * `browse` is asked as a browser would ask, on an address of the host itself; see
       * src/host/remote/browse.sh
       */
      readonly kind: 'http' | 'search' | 'command' | 'certificate' | 'failed-challenges' | 'browse';
      readonly args: readonly string[];
    }
  | {
      readonly kind: 'program';
      /** text of a program in sh that comes with the playbook; see ask_program in src/host/remote/lib.sh */
      readonly program: string;
      readonly args: readonly string[];
    };

/** All that the probe asks, those of guards last. */
export function queriesIn({ queries, guards = [] }: Pick<Reads, 'queries' | 'guards'>): readonly Query[] {
  return [...queries, ...guards];
}

/** The answer to a query. `status` is the exit status of the asking function; 124 means it took too long. */
export interface Answer {
  readonly status: number;
  readonly output: string;
}

/** What steps, guards and warnings need to know of a host; all of it goes into one probe. */
export interface Reads {
  /** absolute paths; a path with `*`, `?` or `[` is a glob as sh(1) knows it */
  readonly paths: readonly string[];
  /**
   * nginx's main files: they are read with all files that they include, and so are those. The globs of their
   * `include` lines are among the snapshot's globs, relative ones as nginx takes them: below the main file's
   * folder.
   */
  readonly includes?: readonly string[] | undefined;
  readonly packages: readonly string[];
  readonly units: readonly string[];
  /** host names to be resolved on the host itself */
  readonly names: readonly string[];
  readonly queries: readonly Query[];
  /** what guards ask: the host keeps names of people to itself, unless the probe asks for them */
  readonly guards?: readonly Query[] | undefined;
}

/** The key under which a query's answer stands in a snapshot. */
export function queryKey(query: Query): string {
  const program = query.kind === 'program' ? [query.program] : [];
  return [query.kind, ...program, ...query.args].join('\u001f');
}

export const noReads: Reads = { paths: [], packages: [], units: [], names: [], queries: [] };
