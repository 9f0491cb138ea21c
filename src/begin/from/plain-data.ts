import { parseDocument } from 'yaml';

/** More than anybody's list refers back to itself; else a small file may become a large one. */
const mostAliases = 50;

/** A text in YAML or JSON as plain data; undefined if it is neither, or no map and no list. */
export function plainData(text: string): unknown {
  try {
    const document = parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
    if (document.errors.length > 0) return undefined;
    const data: unknown = document.toJS({ maxAliasCount: mostAliases });
    return typeof data === 'object' && data !== null ? data : undefined;
  } catch {
    return undefined;
  }
}

/** A map's own keys; of anything else none. */
export function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}
