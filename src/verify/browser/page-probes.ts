/**
 * What runs inside the page. Each function is sent there as its text, so it may use nothing but its argument
 * and what a page has.
 */

interface InPage {
  readonly navigator: {
    readonly permissions: { query(what: { name: string }): Promise<{ state: string }> };
    readonly mediaDevices?: {
      getUserMedia(what: Record<string, boolean>): Promise<{ getTracks(): readonly { stop(): void }[] }>;
    };
  };
  readonly navigation?: {
    addEventListener(kind: 'navigate', listen: (event: NavigateEvent) => void): void;
  };
  readonly location: { readonly origin: string };
  readonly document: {
    addEventListener(kind: string, listen: (event: { readonly blockedURI: string }) => void): void;
  };
  readonly WebSocket: new (
    url: string,
    protocols: readonly string[],
  ) => {
    onopen: () => void;
    onclose: (event: { readonly code: number }) => void;
    close(): void;
  };
  readonly fetch: (url: string, options: Record<string, unknown>) => Promise<{ readonly status: number }>;
}

/** A connection for media that a page has made (https://w3c.github.io/webrtc-pc/). */
export interface Peer {
  /** addresses of the STUN and TURN servers that it was given */
  readonly servers: readonly string[];
  /** candidates of the other side, as in SDP (RFC 8839, 5.1), without what is in front of them */
  readonly candidates: readonly string[];
}

interface NavigateEvent {
  readonly destination: { readonly url: string };
  preventDefault(): void;
}

/** Keeps the page from going to another origin by itself (https://html.spec.whatwg.org, Navigation API). */
export function stayHere(): void {
  const { navigation, location } = globalThis as unknown as InPage;
  navigation?.addEventListener('navigate', (event) => {
    if (new URL(event.destination.url).origin !== location.origin) event.preventDefault();
  });
}

/**
 * Remembers for `readPeers` what the page's connections for media are given, from before its first line runs.
 * The page gets the browser's own class, of which this one is a kind, so that it notices no difference.
 */
export function recordPeers(): void {
  type Servers = { readonly iceServers?: readonly { readonly urls?: string | readonly string[] }[] };
  type Description = { readonly type?: string; readonly sdp?: string };
  interface Connection {
    setConfiguration(configuration: Servers): void;
    setRemoteDescription(description: Description): Promise<void>;
    addIceCandidate(candidate?: { readonly candidate?: string } | null): Promise<void>;
  }
  const page = globalThis as unknown as {
    RTCPeerConnection?: new (configuration?: Servers) => Connection;
    clusterproxyPeers?: { servers: string[]; candidates: string[] }[];
  };
  const Own = page.RTCPeerConnection;
  if (Own === undefined) return;
  const peers: { servers: string[]; candidates: string[] }[] = [];
  Object.defineProperty(page, 'clusterproxyPeers', { value: peers });
  // A page may add thousands, and only the first matter.
  const note = (list: string[], texts: readonly string[]) => {
    for (const text of texts) if (list.length < 200 && text !== '') list.push(text.slice(0, 500));
  };
  page.RTCPeerConnection = class extends Own {
    readonly #peer = { servers: [] as string[], candidates: [] as string[] };
    constructor(configuration?: Servers) {
      super(configuration);
      if (peers.length < 20) peers.push(this.#peer);
      this.#noteServers(configuration);
    }
    override setConfiguration(configuration: Servers): void {
      super.setConfiguration(configuration);
      this.#noteServers(configuration);
    }
    override setRemoteDescription(description: Description): Promise<void> {
      const lines = (description?.sdp ?? '').split(/\r?\n/);
      note(
        this.#peer.candidates,
        lines.flatMap((line) => (line.startsWith('a=candidate:') ? [line.slice('a=candidate:'.length)] : [])),
      );
      return super.setRemoteDescription(description);
    }
    override addIceCandidate(candidate?: { readonly candidate?: string } | null): Promise<void> {
      note(this.#peer.candidates, [(candidate?.candidate ?? '').replace(/^(?:a=)?candidate:/, '')]);
      return super.addIceCandidate(candidate);
    }
    #noteServers(configuration: Servers | undefined): void {
      for (const { urls = [] } of configuration?.iceServers ?? []) {
        note(this.#peer.servers, typeof urls === 'string' ? [urls] : urls);
      }
    }
  };
}

/** The connections for media that the page has made so far. */
export function readPeers(): readonly Peer[] {
  return (globalThis as unknown as { clusterproxyPeers?: readonly Peer[] }).clusterproxyPeers ?? [];
}

export type PermissionState = string;

/** `granted`, `prompt` or `denied` (https://w3c.github.io/permissions/), for camera and microphone. */
export async function askPermissions(): Promise<Readonly<Record<'camera' | 'microphone', PermissionState>>> {
  const { navigator } = globalThis as unknown as InPage;
  const state = async (name: string) => (await navigator.permissions.query({ name })).state;
  return { camera: await state('camera'), microphone: await state('microphone') };
}

/** Asks for a device as a client does; '' if the page gets it, else why not. */
export async function askDevice({
  kind,
  patience,
}: {
  readonly kind: 'video' | 'audio';
  readonly patience: number;
}): Promise<string> {
  const { navigator } = globalThis as unknown as InPage;
  if (navigator.mediaDevices === undefined) return 'the page is not a secure context';
  const silence = new Promise<string>((resolve) => setTimeout(resolve, patience, 'no answer'));
  const asked = navigator.mediaDevices.getUserMedia({ [kind]: true }).then(
    (stream) => {
      for (const track of stream.getTracks()) track.stop();
      return '';
    },
    (error: Error) => `${error.name}: ${error.message}`,
  );
  return Promise.race([asked, silence]);
}

/** How an attempt to open a WebSocket ended. */
export type SocketEnd = 'open' | 'closed' | 'silent' | 'forbidden' | 'invalid';

/** Opens a WebSocket and closes it again. What a page's policy forbids fires no event of the socket. */
export function openSocket({
  url,
  protocol,
  patience,
}: {
  readonly url: string;
  readonly protocol: string;
  readonly patience: number;
}): Promise<SocketEnd> {
  const { document, WebSocket } = globalThis as unknown as InPage;
  return new Promise((resolve) => {
    setTimeout(resolve, patience, 'silent');
    document.addEventListener('securitypolicyviolation', ({ blockedURI }) => {
      if (url.startsWith(blockedURI)) resolve('forbidden');
    });
    try {
      const socket = new WebSocket(url, protocol === '' ? [] : [protocol]);
      socket.onopen = () => {
        resolve('open');
        socket.close();
      };
      socket.onclose = () => resolve('closed');
    } catch {
      resolve('invalid');
    }
  });
}

/** Reads an answer with credentials, as the client does; whether the browser lets the page have it. */
export async function readAnswer({
  url,
  patience,
}: {
  readonly url: string;
  readonly patience: number;
}): Promise<boolean> {
  const { fetch } = globalThis as unknown as InPage;
  const asked = fetch(url, { credentials: 'include', cache: 'no-store' }).then(
    () => true,
    () => false,
  );
  return Promise.race([asked, new Promise<boolean>((resolve) => setTimeout(resolve, patience, false))]);
}
