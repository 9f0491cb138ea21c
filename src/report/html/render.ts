import { createHash } from 'node:crypto';
import type { ReportDocument } from '../document/schema.ts';
import { outcomeOf } from '../shared/outcome.ts';
import { duration } from '../shared/prose.ts';
import { renderChanges, toldGroups } from './changes.ts';
import { renderChecks } from './checks.ts';
import { drawCluster } from './drawing.ts';
import { renderHistory, renderSchedule } from './history.ts';
import { type RoleShown, rolesOf } from './hosts.ts';
import { icon, icons } from './icons.ts';
import { html, type Markup } from './markup.ts';
import { renderByHand, renderNotes, renderRollout } from './notes.ts';
import { style } from './style.ts';
import { renderHosts } from './table.ts';
import { renderTimeline } from './timeline.ts';
import { renderWays } from './ways.ts';

/** Widths for which the cluster is drawn: a screen and a phone, without margins. Pixels. */
const widths = { wide: 920, narrow: 326 };

/**
 * Nothing is loaded, run or sent, whatever stands in the page (Content Security Policy Level 3): it has one
 * style, which its hash names, and pictures that are in it.
 */
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style.toString()).digest('base64')}'; img-src data:; base-uri 'none'; form-action 'none'`;

/**
 * A report as one page: a sentence, the cluster as a picture, its hosts, then all of the rest. It needs no
 * network and no script.
 */
export function renderHtml(document: ReportDocument): string {
  const { picture } = document;
  const { title, sentence, tone } = outcomeOf(document);
  const roles = rolesOf(document);
  const groups = toldGroups(document);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="clusterproxy${picture !== undefined && ` ${picture.version}`}">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
${icons}
<a class="skip" href="#main">Skip to the report</a>
<header>
<h1>${title}</h1>
<p class="outcome t-${tone}">${icon(tone)}<span>${sentence}</span></p>
${facts(document)}
</header>
<main id="main">
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
</main>
<footer>${footer(document)}</footer>
</body>
</html>
`;
  return page.toString();
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
