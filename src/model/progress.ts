/** What a host is doing while it is changed, in the order in which it happens. */
export type HostPhase =
  | 'connecting'
  | 'uploading'
  | 'prepared'
  /** `detail` says which action */
  | 'acting'
  | 'swapped'
  | 'validating'
  /** `detail` says what is being done and how far, e.g. `restarting web.service (2 of 4)` */
  | 'handler'
  | 'checking'
  | 'settling'
  | 'done';

/**
 * Something that happened while hosts are looked at or changed. For people only: nothing is decided from it.
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
  | { readonly kind: 'message'; readonly text: string };
