import { type Caddyfile, namedBy, removalOf, type Statement } from '../../formats/caddyfile.ts';
import { managedBlockRanges } from '../../formats/managed-blocks.ts';
import { applyEdits, type Edit } from '../../formats/text.ts';
import type { OperatorError } from '../../model/operator-error.ts';
import { heard } from '../../secrets/showable.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { relayedNodes } from '../relay/nodes.ts';
import type { Finding } from '../shared/existing-set-up.ts';
import { caddyBlock } from './block-format.ts';
import { type CaddyFile, filesAt, lineOf } from './caddy-files.ts';
import type { LocationsParameters } from './locations-parameters.ts';
import { type Found, rulesFor } from './rules-by-path.ts';

/**
 * Rules for the nodes' paths outside our file: one of the two would never be used. A problem if some do more
 * than ours will, since taking those out could open to everybody what was for a few.
 */
export function findRules(host: StepHost, wanted: LocationsParameters): readonly Finding[] {
  const all = filesOf(host, wanted).flatMap((file) =>
    foreign(host, wanted, file).map((one) => ({ one, finding: findingOf(file, one) })),
  );
  const others = all.filter(({ one }) => !one.isReplaced).map(({ finding }) => finding);
  if (others.length > 0) throw toDecide(host, others);
  return all.map(({ finding }) => finding);
}

function findingOf({ path, text }: CaddyFile, { statement, what }: Found): Finding {
  return { path, line: lineOf(text, statement.start), what };
}

function toDecide(host: StepHost, findings: readonly Finding[]): OperatorError {
  const places = findings.map(({ path, line, what }) => `${path}:${line}: ${heard(what)}`);
  return host.problem(
    'rule-to-decide',
    `this is about the nodes' paths, and does more or less than pass them on: ${places.join('; ')}`,
    'decide by hand, since clusterproxy can\'t bring it over, not even with "adopt": remove it if the nodes\' pages can do without, or let it apply to other paths only; then plan again',
  );
}

/** Remove them. Everything else in those files stays byte for byte. */
export function bringOverRules(host: StepHost, wanted: LocationsParameters): void {
  for (const file of filesOf(host, wanted)) {
    const edits = foreign(host, wanted, file).flatMap((one) => editsOf(file, one));
    if (edits.length === 0) continue;
    if (!host.snapshot.paths.has(file.path)) {
      throw host.problem(
        'not-a-file',
        `what was set up by hand is in ${file.path}, reached by a link to a place that isn't read`,
        'remove by hand what was put there for the cluster proxy, then plan again',
      );
    }
    host.write(file.path, applyEdits(file.text, edits));
  }
}

function editsOf({ text }: CaddyFile, { statement, words }: Found): readonly Edit[] {
  if (words === undefined) return [removalOf(text, statement)];
  return words.map(({ start, end }) => {
    const blanks = /[ \t]*$/.exec(text.slice(0, start))?.[0].length ?? 0;
    return { start: start - blanks, end, insert: '' };
  });
}

function filesOf(host: StepHost, { look_in: lookIn, path: own }: LocationsParameters): readonly CaddyFile[] {
  return filesAt(host, lookIn).filter(({ path }) => path !== own && !host.isManaged(wholePath(path)));
}

function foreign(host: StepHost, wanted: LocationsParameters, file: CaddyFile): readonly Found[] {
  const nodes = relayedNodes(wanted.nodes).map(({ name, locations }) => ({
    name,
    paths: locations.map(({ path }) => path),
  }));
  // Blocks of an earlier run, which had them in another file.
  const own = [...managedBlockRanges(file.text)].filter(([name]) =>
    host.isManaged({ path: file.path, format: caddyBlock.name, key: [name] }),
  );
  return scopesOf(file.parts, wanted.server_name)
    .flatMap((scope) => rulesFor(scope, { nodes, hostname: wanted.server_name }))
    .filter(
      ({ statement }) => !own.some(([, { start, end }]) => start <= statement.start && statement.end <= end),
    );
}

/**
 * What may have rules of the proxy: its sites, those whose address isn't known, snippets, and files without
 * any site, which are parts of one.
 */
function scopesOf({ sites, snippets }: Caddyfile, name: string): readonly (readonly Statement[])[] {
  const parts = sites.filter(({ statement }) => isDirective(statement));
  const mine = sites.filter(
    ({ statement, addresses }) =>
      !isDirective(statement) && addresses.some((one) => one.isUnknown || namedBy(one, name) !== undefined),
  );
  const loose = parts.flatMap(({ statement, statements, isBare }) => [
    statement,
    ...(isBare ? statements : []),
  ]);
  return [loose, ...[...mine, ...snippets.map(within)].map(({ statements }) => statements)];
}

function within({ block }: Statement): { readonly statements: readonly Statement[] } {
  return { statements: block?.statements ?? [] };
}

/** At the top level of a part of a site, directives stand where a Caddyfile has addresses. */
function isDirective({ words: [first] }: Statement): boolean {
  return /^(?:@.*|[a-z_]+)$/s.test(first?.text ?? '') && first?.text !== 'localhost';
}
