import type { Status } from './result.ts';

/** What is happening on a host while it is changed, in order. */
export type HostPhase =
  /** people are there, and are waited for; `detail` says how many, and how long at most */
  | 'waiting'
  /** a balancer is told of it; `detail` says what */
  | 'draining'
  | 'connecting'
  | 'uploading'
  /** a package is sent, and unpacked in a temporary folder; `detail` says which, and how far */
  | 'unpacking'
  /** the host fetches a package and unpacks it there; `detail` as before */
  | 'fetching'
  | 'prepared'
  /** `detail` says which action */
  | 'acting'
  | 'swapped'
  | 'validating'
  /** `detail` says what is being done and how far, e.g. `restarting web.service (2 of 4)` */
  | 'handler'
  | 'checking'
  | 'settling'
  /** all is well on the host, which waits to be told so; `detail` says for how long */
  | 'confirming'
  /** it is on the host, which begins by itself */
  | 'queued'
  /** nothing was done, or not all, as people are there, who may be waited for; `detail` says what is left */
  | 'put-off'
  /** its turn is over; what is left follows once all others have had theirs */
  | 'later'
  | 'done';

/** Whether nothing is being done on a host in that phase. */
export function isAtRest(phase: HostPhase): boolean {
  return phase === 'done' || phase === 'put-off' || phase === 'later';
}

/**
 * Something that happened while hosts were being inspected or changed. It is only for people to read: nothing
 * is decided from it.
 */
export type ProgressEvent =
  | { readonly kind: 'looking'; readonly total: number }
  | { readonly kind: 'looked'; readonly host: string; readonly ok: boolean }
  | {
      readonly kind: 'host';
      readonly host: string;
      readonly phase: HostPhase;
      readonly detail?: string | undefined;
    }
  /** hosts are changed from now on, by a run of this id; `hosts`: how many of them */
  | { readonly kind: 'begun'; readonly run: string; readonly hosts?: number | undefined }
  /** nothing more follows for one of those; `problem` says why it isn't as it should be */
  | {
      readonly kind: 'ended';
      readonly host: string;
      readonly status: Status;
      readonly problem?: string | undefined;
    }
  | { readonly kind: 'message'; readonly text: string };
