import { hidden } from './hidden.ts';

/** The lines with everything between the markers of PEM private keys (RFC 7468) hidden. */
export function hidePrivateKeys(lines: readonly string[]): string[] {
  const result = [...lines];
  let inside = false;
  for (const [index, line] of lines.entries()) {
    const begin = line.search(/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/);
    const end = line.search(/-----END [A-Z0-9 ]*PRIVATE KEY-----/);
    if (begin === -1 && end === -1) {
      if (inside) result[index] = hidden;
      continue;
    }
    if (begin !== -1 && end !== -1) {
      const head = line.indexOf('KEY-----', begin) + 'KEY-----'.length;
      result[index] = `${line.slice(0, head)}${hidden}${line.slice(end)}`;
      inside = false;
    } else if (begin !== -1) {
      result[index] = line.slice(0, line.indexOf('KEY-----', begin) + 'KEY-----'.length);
      inside = true;
    } else {
      result[index] = (inside ? '' : hidden) + line.slice(end);
      if (!inside) hideBase64Above(result, index);
      inside = false;
    }
  }
  return result;
}

/** The beginning of the key was cut off, so what precedes its end marker is the key. */
function hideBase64Above(lines: string[], end: number): void {
  for (
    let index = end - 1;
    index >= 0 && /^[\s+-]*[A-Za-z0-9+/=]{16,}\s*$/.test(lines[index] ?? '');
    index--
  ) {
    lines[index] = hidden;
  }
}
