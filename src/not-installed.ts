import { OperatorError } from './model/operator-error.ts';

/** A package that isn't bundled, and that those install who want what needs it. */
export interface OptionalPackage {
  readonly code: string;
  readonly name: string;
  /** what it is there for: `which drives the browser` */
  readonly which: string;
}

/** That it can't be loaded; `error`: why. */
export function notInstalled({ code, name, which }: OptionalPackage, error: unknown): OperatorError {
  return new OperatorError({
    code,
    message: `${name}, ${which}, is not installed`,
    next: `run npm install ${name} where clusterproxy is installed (with --global, if it is installed globally)`,
    detail: error instanceof Error ? error.message.split('\n')[0] : undefined,
  });
}
