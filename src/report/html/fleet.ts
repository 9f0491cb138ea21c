import type { FleetCluster, FleetDocument } from '../document/fleet-schema.ts';
import {
  clusterName,
  type FleetRow,
  isTelling,
  outcomeOfFleet,
  tableOf,
  toneOfCluster,
} from '../shared/fleet.ts';
import { outcomeOf } from '../shared/outcome.ts';
import { badge } from './icons.ts';
import { html, inOnePage, type Markup } from './markup.ts';
import { pageOf } from './page.ts';
import { renderProblem, renderWarning } from './problems.ts';
import { renderSections } from './render.ts';

/** So many clusters are open at the beginning: what is to be reviewed has to be seen. */
const mostOpen = 4;

/** Many clusters as one page: a sentence, a line for each, then each of which there is more to say. */
export function renderFleetHtml(document: FleetDocument): string {
  const { clusters, command, summary, warnings, errors = [] } = document;
  const version = clusters.flatMap((one) => one.document.picture?.version ?? [])[0];
  const telling = clusters.filter(isTelling);
  const places = new Map(telling.map((cluster, index) => [cluster, `cluster-${index + 1}`] as const));
  return pageOf({
    ...{ outcome: outcomeOfFleet(document), version },
    main: html`${errors.map((error) => renderProblem(error))}${warnings.map(renderWarning)}
${renderTable(document, places)}
${telling.map((cluster) => renderCluster(cluster, places.get(cluster) ?? '', telling.length <= mostOpen))}`,
    footer: html`<p>Made by clusterproxy${version !== undefined && ` ${version}`}: ${command}, exit status ${summary.exitStatus}. Secrets are hidden. What hosts and programs said is shown as text, with control characters written out.</p>`,
  });
}

function renderTable(document: FleetDocument, places: ReadonlyMap<FleetCluster, string>): Markup {
  const { titles, rows } = tableOf(document);
  // A column with nothing in it tells nothing.
  const used = titles.flatMap((_, index) => (rows.some(({ cells }) => cells[index] !== '') ? [index] : []));
  return html`<section aria-labelledby="clusters"><h2 id="clusters">Clusters</h2><table class="list"><caption class="hidden">Each cluster</caption><thead><tr>${used.map((index) => html`<th scope="col">${headed(titles[index] ?? '')}</th>`)}</tr></thead><tbody>${rows.map((row) => renderRow(row, { used, state: titles.indexOf('hosts'), place: places.get(row.cluster) }))}</tbody></table></section>`;
}

function renderRow(
  { cluster, cells }: FleetRow,
  {
    used,
    state,
    place,
  }: { readonly used: readonly number[]; readonly state: number; readonly place: string | undefined },
): Markup {
  const [name = ''] = cells;
  return html`<tr>${used.map((index) => {
    const text = cells[index] ?? '';
    if (index === 0)
      return html`<th scope="row">${place === undefined ? name : html`<a href="#${place}">${name}</a>`}</th>`;
    return html`<td>${index === state ? badge(toneOfCluster(cluster), text) : text}</td>`;
  })}</tr>`;
}

function headed(title: string): string {
  return `${title.slice(0, 1).toUpperCase()}${title.slice(1)}`;
}

function renderCluster(cluster: FleetCluster, place: string, isOpen: boolean): Markup {
  const { document, inventory } = cluster;
  const { sentence } = outcomeOf(document);
  const sections = inOnePage(renderSections(document), place);
  return html`<details class="host" id="${place}"${isOpen && html` open`}><summary><h2>${clusterName(cluster)}</h2> <span class="about">${inventory}${sentence !== '' && ` · ${sentence}`}</span></summary><div class="body">${sections}</div></details>`;
}
