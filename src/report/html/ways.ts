import type { ReportPicture } from '../document/schema.ts';
import { html, type Markup } from './markup.ts';

const users: Readonly<Record<string, string>> = { everyone: 'browsers', operators: 'clusterproxy' };

/** Who talks to whom, and what for: what the picture has no room for. */
export function renderWays(ways: ReportPicture['ways']): Markup | undefined {
  const rows = ways.flatMap(({ from, to, ports }) =>
    ports.map(
      ({ port, protocol, purpose }) =>
        html`<tr><td>${users[from] ?? from}</td><td>${to}</td><td class="port">${port}/${protocol}</td><td>${purpose}</td></tr>`,
    ),
  );
  if (rows.length === 0) return undefined;
  return html`<details><summary>Who talks to whom</summary><table class="list"><caption class="hidden">Connections that firewalls have to let through</caption><thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Port</th><th scope="col">For</th></tr></thead><tbody>${rows}</tbody></table></details>`;
}
