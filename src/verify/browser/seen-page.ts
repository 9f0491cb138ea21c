import type { Complaint } from './complaints.ts';
import type { Peer, SocketEnd } from './page-probes.ts';

/** What is done on a page. */
export interface Visit {
  readonly page: string;
  /** leads to the page and into a meeting, and nobody may see it; undefined for the page itself */
  readonly enter: string | undefined;
  /** whether to wait for connections for media */
  readonly media: boolean;
  readonly elsewhere: string | undefined;
  readonly sockets: readonly { readonly url: string; readonly protocol: string }[];
  readonly reads: readonly string[];
  /** the file for a picture of the page; undefined for none */
  readonly screenshot: string | undefined;
}

/** What a browser showed of a page. */
export interface Seen {
  readonly kind: 'seen';
  /** where the answer came from, after redirects */
  readonly url: string;
  readonly status: number;
  /** of the page, by lower-case name */
  readonly headers: Readonly<Record<string, string>>;
  readonly permissions: Readonly<Record<'camera' | 'microphone', string>>;
  /** why the page didn't get the device; '' if it did, or was not granted it */
  readonly devices: Readonly<Record<'camera' | 'microphone', string>>;
  /** undefined if the page there could not be opened */
  readonly permissionsElsewhere: Readonly<Record<'camera' | 'microphone', string>> | undefined;
  /** that the page opened by itself; why each failed, '' if it didn't */
  readonly ownSockets: readonly { readonly url: string; readonly error: string }[];
  readonly askedSockets: readonly { readonly url: string; readonly end: SocketEnd; readonly error: string }[];
  /** connections for media that the page has made */
  readonly peers: readonly Peer[];
  readonly complaints: readonly Complaint[];
  /** what the page itself writes to the console as errors */
  readonly said: readonly string[];
}

/** The page could not be opened. */
export interface Unseen {
  readonly kind: 'unseen';
  readonly complaint: Complaint;
  /** the browser itself ended, or was ended: nothing is known of the page */
  readonly gone: boolean;
}
