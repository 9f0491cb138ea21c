import type { ReportDocument } from '../document/schema.ts';
import { outcomeOf } from '../shared/outcome.ts';
import { duration } from '../shared/prose.ts';
import { renderChanges, toldGroups } from './changes.ts';
import { renderChecks } from './checks.ts';
import { drawCluster } from './drawing.ts';
import { renderHistory, renderSchedule } from './history.ts';
import { type RoleShown, rolesOf } from './hosts.ts';
import { html, type Markup } from './markup.ts';
import { renderByHand, renderNotes, renderRollout } from './notes.ts';
import { pageOf } from './page.ts';
import { renderHosts } from './table.ts';
import { renderTimeline } from './timeline.ts';
import { renderWays } from './ways.ts';

/** Widths for which the cluster is drawn: a screen and a phone, without margins. Pixels. */
const widths = { wide: 920, narrow: 326 };

/**
 * A report as one page: a sentence, the cluster as a picture, its hosts, then all of the rest. It needs no
 * network and no script.
 */
export function renderHtml(document: ReportDocument): string {
  return pageOf({
    ...{ outcome: outcomeOf(document), version: document.picture?.version, facts: facts(document) },
    main: renderSections(document),
    footer: footer(document),
  });
}

/** All of a report below its sentence. */
export function renderSections(document: ReportDocument): Markup {
  const { picture } = document;
  const roles = rolesOf(document);
  const groups = toldGroups(document);
  return html`<div class="report">
${renderNotes(document)}
${renderPicture(document, roles)}
${document.runs === undefined && renderHosts(roles, groups)}
${renderRollout(document)}
${renderChanges(groups, document)}
${renderChecks(document)}
${renderHistory(document)}
${renderSchedule(document)}
${renderByHand(document)}
${renderTimeline(picture)}
</div>`;
}

function facts({ picture, run }: ReportDocument): Markup {
  if (picture === undefined)
    return html`${run !== null && html`<dl class="facts"><div><dt>Run</dt><dd><code>${run}</code></dd></div></dl>`}`;
  const { hostname, playbook, operator, from, at, endedAt } = picture;
  const took = Date.parse(endedAt) - Date.parse(at);
  const all: readonly (readonly [string, string | undefined])[] = [
    ['Address', hostname],
    ['Playbook', playbook],
    ['Run', run ?? undefined],
    ['By', `${operator} from ${from}`],
    ['When', `${at.slice(0, 16).replace('T', ' ')} UTC${took > 0 ? `, within ${duration(took)}` : ''}`],
  ];
  return html`<dl class="facts">${all.map(([name, value]) => value !== undefined && html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function renderPicture({ picture }: ReportDocument, roles: readonly RoleShown[]): Markup | undefined {
  const drawn = roles.filter(({ hosts, external }) => hosts.length > 0 || external);
  if (drawn.length === 0) return undefined;
  const drawing = { roles: drawn, ways: picture?.ways ?? [], hostname: picture?.hostname };
  return html`<section aria-labelledby="cluster"><h2 id="cluster">The cluster</h2><div class="picture">${drawCluster(drawing, { width: widths.wide, id: 'wide' })}${drawCluster(drawing, { width: widths.narrow, id: 'narrow' })}</div>${renderWays(drawing.ways)}</section>`;
}

function footer({ picture, command, summary }: ReportDocument): Markup {
  const made = picture === undefined ? '' : ` ${picture.version} from ${picture.inventory}`;
  return html`<p>Made by clusterproxy${made}: ${command}, exit status ${summary.exitStatus}. Secrets are hidden. What hosts and programs said is shown as text, with control characters written out.</p>`;
}
