import { isGlob, type PathState, type Snapshot } from './snapshot.ts';

/** A host as the steps so far have left it. The real one is touched by nobody here. */
export class VirtualHost {
  readonly snapshot: Snapshot;
  readonly holdsSecret: (text: string) => boolean;
  readonly #paths = new Map<string, PathState>();

  /** `holdsSecret` knows the secrets of the inventory */
  constructor(snapshot: Snapshot, holdsSecret: (text: string) => boolean = () => false) {
    this.snapshot = snapshot;
    this.holdsSecret = holdsSecret;
  }

  /** What is at `path` now. Throws where no step declared that it reads it: that is a fault of the step module. */
  state(path: string): PathState {
    const state = this.#paths.get(path) ?? this.snapshot.paths.get(path);
    if (state === undefined)
      throw new Error(`${path} was not among the paths that the step declared to read`);
    return state;
  }

  set(path: string, state: PathState): void {
    this.#paths.set(path, state);
  }

  /** Paths that were set, in the order of their first change. */
  get touched(): readonly string[] {
    return [...this.#paths.keys()];
  }

  /** Paths that match the glob now. */
  glob(pattern: string): readonly string[] {
    const known = this.snapshot.globs.get(pattern);
    if (known === undefined)
      throw new Error(`${pattern} was not among the globs that the step declared to read`);
    const matches = new Set(known);
    const expression = globExpression(pattern);
    for (const [path, state] of this.#paths) {
      if (!expression.test(path)) continue;
      if (state.kind === 'absent') matches.delete(path);
      else matches.add(path);
    }
    return [...matches].sort();
  }

  /** The virtual host as a snapshot, for a second look at what the steps made of it. */
  asSnapshot(): Snapshot {
    const globs = new Map(
      [...this.snapshot.globs.keys()].map((pattern) => [pattern, this.glob(pattern)] as const),
    );
    const paths = new Map([...this.snapshot.paths, ...this.#paths]);
    for (const [path, state] of paths) paths.set(path, this.#resolved(state));
    return { ...this.snapshot, paths, globs };
  }

  /** A symbolic link whose destination was edited shows the new content. */
  #resolved(state: PathState): PathState {
    if (state.kind !== 'symlink' || state.resolved === undefined) return state;
    const destination = this.#paths.get(state.resolved.path);
    if (destination === undefined) return state;
    return {
      kind: 'symlink',
      target: state.target,
      resolved: destination.kind === 'file' ? { ...destination, path: state.resolved.path } : undefined,
    };
  }
}

/** Whether anything is known to be below a directory. What nobody has looked at isn't known. */
export function holdsAnything(host: VirtualHost, directory: string): boolean {
  const paths = new Set([...host.snapshot.paths.keys(), ...host.touched]);
  return [...paths].some((path) => path.startsWith(`${directory}/`) && host.state(path).kind !== 'absent');
}

/** A sh(1) glob as a regular expression: `*`, `?` and `[…]` don't match a slash, and no leading dot. */
function globExpression(pattern: string): RegExp {
  if (!isGlob(pattern)) return new RegExp(`^${literal(pattern)}$`);
  const source = pattern
    .split('/')
    .map(
      (part) =>
        (/^[*?[]/.test(part) ? '(?!\\.)' : '') + part.replace(/\*|\?|\[[^\]]*\]|[^*?[]+|\[/g, globPart),
    )
    .join('/');
  return new RegExp(`^${source}$`);
}

function globPart(part: string): string {
  if (part === '*') return '[^/]*';
  if (part === '?') return '[^/]';
  if (part.startsWith('[') && part.endsWith(']') && part.length > 2)
    return part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
  return literal(part);
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
