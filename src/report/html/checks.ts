import type { ReportCheck, ReportDocument, ReportPicture } from '../document/schema.ts';
import { count } from '../shared/prose.ts';
import type { Tone } from '../shared/tones.ts';
import { badge } from './icons.ts';
import { html, type Markup } from './markup.ts';

const words: Readonly<Record<ReportCheck['outcome'], readonly [Tone, string]>> = {
  passed: ['good', 'passed'],
  failed: ['bad', 'failed'],
  'not-asked': ['wait', 'not asked'],
  'not-applicable': ['off', 'does not apply'],
};

/** So many hosts' checks are open at the beginning, if all passed. */
const mostOpen = 4;

/** What was asked from outside, by host; what failed first. */
export function renderChecks({ checks = [], browser, picture }: ReportDocument): Markup | undefined {
  if (checks.length === 0) return undefined;
  const hosts = [...new Set(checks.map(({ host }) => host))].map((host) =>
    checks.filter((check) => check.host === host),
  );
  const [ill, well] = [hosts.filter(isIll), hosts.filter((those) => !isIll(those))];
  return html`<section aria-labelledby="checks"><h2 id="checks">Checks from outside</h2>${browser !== undefined && html`<p class="quiet">In a browser: ${browser.program} ${browser.version}.</p>`}${ill.map((those) => renderHost(those, true))}${well.map((those) => renderHost(those, hosts.length <= mostOpen))}${renderScreenshots(picture?.screenshots)}</section>`;
}

function isIll(checks: readonly ReportCheck[]): boolean {
  return checks.some(({ outcome }) => outcome === 'failed' || outcome === 'not-asked');
}

function renderHost(checks: readonly ReportCheck[], isOpen: boolean): Markup {
  const [first] = checks;
  const asked = checks.filter(({ outcome }) => outcome !== 'not-applicable');
  const left = checks.length - asked.length;
  const of = (outcome: ReportCheck['outcome']) => asked.filter((check) => check.outcome === outcome).length;
  const sums = (['failed', 'not-asked', 'passed'] as const)
    .filter((outcome) => of(outcome) > 0)
    .map((outcome) => `${of(outcome)} ${words[outcome][1]}`);
  const order = ['failed', 'not-asked', 'passed'];
  const sorted = [...asked].sort((one, other) => order.indexOf(one.outcome) - order.indexOf(other.outcome));
  return html`<details class="host"${isOpen && html` open`}><summary><h3>${first?.host}</h3> <span class="about">${first?.role}${sums.length > 0 && html` · ${sums.join(', ')}`}</span></summary><div class="body">${
    asked.length === 0
      ? html`<p class="quiet">Nothing to ask${checks[0]?.found !== undefined && `: ${checks[0].found}`}.</p>`
      : html`<table class="list checks"><caption class="hidden">Checks of ${first?.host}</caption><thead><tr><th scope="col">Outcome</th><th scope="col">Check</th></tr></thead><tbody>${sorted.map(renderCheck)}</tbody></table>`
  }${left > 0 && asked.length > 0 && html`<p class="quiet">${count(left, 'more check')} ${left === 1 ? 'does' : 'do'} not apply to it.</p>`}</div></details>`;
}

function renderCheck({ title, outcome, expected, found, note, fix }: ReportCheck): Markup {
  const noted = (label: string, text: string | undefined) =>
    text !== undefined && html`<dt>${label}</dt><dd>${text}</dd>`;
  const isFailed = outcome === 'failed';
  const more = html`${isFailed && noted('Expected', expected)}${isFailed && noted('Found', found)}${outcome === 'not-asked' && noted('Because', found)}${noted('Note', note)}${noted('To fix it', fix)}`;
  const hasMore = more.toString() !== '';
  return html`<tr><td>${badge(...words[outcome])}</td><td>${title}${hasMore && html`<dl>${more}</dl>`}</td></tr>`;
}

function renderScreenshots(screenshots: ReportPicture['screenshots'] = []): Markup | undefined {
  if (screenshots.length === 0) return undefined;
  return html`<h3>What the browser showed</h3><div class="screenshots">${screenshots.map(
    ({ host, file, image, why }) =>
      image === undefined
        ? html`<p class="quiet">${host}: <code>${file}</code>${why !== undefined && ` (${why})`}</p>`
        : html`<figure><img src="${image}" alt="The client of ${host} in a browser" loading="lazy"><figcaption>${host}</figcaption></figure>`,
  )}</div>`;
}
