import type { FleetCluster, FleetDocument } from '../document/fleet-schema.ts';
import { clusterName, isTelling, outcomeOfFleet, tableOf, toneOfCluster } from '../shared/fleet.ts';
import { outcomeOf } from '../shared/outcome.ts';
import { cut, type Part, partsOfReport, problem, signs } from './render.ts';
import { code, text } from './text.ts';

/**
 * A summary of many clusters for a pull request or a chat: what it comes to, a table, what is wrong where,
 * and then the changes of each: what has no room is left out from the end.
 */
export function renderFleetMarkdown(document: FleetDocument): string {
  const { title, sentence, tone } = outcomeOfFleet(document);
  const telling = document.clusters.filter(isTelling).map((cluster) => ({
    name: clusterName(cluster),
    head: headOf(cluster),
    ...partsOfReport(cluster.document),
  }));
  return cut([
    { words: `## ${signs[tone]} ${text(title)}\n\n**${text(sentence)}**`, missing: 'the outcome' },
    ...(document.errors ?? []).map((error) => ({ words: problem(error), missing: 'an error' })),
    ...document.warnings.map((words) => ({ words: `> ${text(words)}`, missing: 'a warning' })),
    { words: tableIn(document), missing: 'the table of clusters' },
    ...telling.flatMap(({ name, head, brief }) => [head, ...brief.map((part) => within(name, part))]),
    ...telling.flatMap(({ name, long }) =>
      long.length === 0
        ? []
        : [
            { words: `### ${text(name)} in full`, missing: `the changes of ${name}` },
            ...long.map((part) => within(name, part)),
          ],
    ),
  ]);
}

function headOf(cluster: FleetCluster): Part {
  const { sentence } = outcomeOf(cluster.document);
  const name = clusterName(cluster);
  const said = sentence === '' ? '' : `\n\n${text(sentence)}`;
  const words = `### ${signs[toneOfCluster(cluster)]} ${text(name)} (${code(cluster.inventory)})${said}`;
  return { words, missing: `what there is to say of ${name}` };
}

function within(name: string, { words, missing }: Part): Part {
  return { words, missing: `${missing} in ${name}` };
}

function tableIn(document: FleetDocument): string {
  const { titles, rows } = tableOf(document);
  const used = titles.flatMap((_, index) => (rows.some(({ cells }) => cells[index] !== '') ? [index] : []));
  const state = titles.indexOf('hosts');
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(used.map((index) => titles[index] ?? '')),
    line(used.map(() => '---')),
    ...rows.map(({ cluster, cells }) =>
      line(
        used.map((index) => {
          const words = text(cells[index] ?? '');
          return index === state ? `${signs[toneOfCluster(cluster)]} ${words}` : words;
        }),
      ),
    ),
  ].join('\n');
}
