import { createHash } from 'node:crypto';
import type { Outcome } from '../shared/outcome.ts';
import { icon, icons } from './icons.ts';
import { html, type Markup } from './markup.ts';
import { style } from './style.ts';

/**
 * Nothing is loaded, run or sent, whatever stands in the page (Content Security Policy Level 3): it has one
 * style, which its hash names, and pictures that are in it.
 */
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style.toString()).digest('base64')}'; img-src data:; base-uri 'none'; form-action 'none'`;

/** What stands on a page, around which everything is the same. */
export interface PageParts {
  readonly outcome: Outcome;
  /** of clusterproxy, where it is known */
  readonly version: string | undefined;
  /** below the sentence */
  readonly facts?: Markup | undefined;
  readonly main: Markup;
  readonly footer: Markup;
}

/** A whole page, which needs no network and no script. */
export function pageOf({ outcome, version, facts, main, footer }: PageParts): string {
  const { title, sentence, tone } = outcome;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="clusterproxy${version !== undefined && ` ${version}`}">
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
${facts}
</header>
<main id="main">
${main}
</main>
<footer>${footer}</footer>
</body>
</html>
`;
  return page.toString();
}
