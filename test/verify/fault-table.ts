import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';

const page = new URL('../../docs/faults-found.md', import.meta.url);

/** A fault that was put into a cluster, and what found it. */
export interface FoundFault {
  readonly fault: string;
  /** each as COMMAND CODE, such as `verify graphql` */
  readonly found: readonly string[];
}

/**
 * Fails unless the page for operators has exactly these faults in the part between `<!-- faults: PART -->`
 * and `<!-- end of faults -->`; with CLUSTERPROXY_RECORD=1 writes them there. Every file of tests that puts
 * faults into a cluster has a part of its own.
 */
export function documented(part: string, faults: readonly FoundFault[]): void {
  const text = readFileSync(page, 'utf8');
  const opening = `<!-- faults: ${part} -->\n`;
  const start = text.indexOf(opening);
  const end = text.indexOf('<!-- end of faults -->', start);
  if (start < 0 || end < 0) throw new Error(`docs/faults-found.md has no part for faults: ${part}`);
  const rows = faults.map(
    ({ fault, found }) => `| ${fault} | ${[...new Set(found)].map((one) => `\`${one}\``).join(', ')} |\n`,
  );
  const wanted = `\n| fault | found by |\n| --- | --- |\n${rows.join('')}\n`;
  const old = text.slice(start + opening.length, end);
  if (process.env.CLUSTERPROXY_RECORD !== undefined && old !== wanted)
    writeFileSync(page, text.slice(0, start + opening.length) + wanted + text.slice(end));
  else expect(old).toBe(wanted);
}
