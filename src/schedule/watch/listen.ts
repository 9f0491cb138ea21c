/** Where a process listens that is asked how it is. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:9469`, `[::1]:9469` or `:9469` for all addresses; undefined where it is none of these. */
export function parseListen(text: string): Listen | undefined {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  const host = bracketed ?? plain ?? '';
  return { host: host === '' ? '::' : host, port };
}
