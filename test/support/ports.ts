import type { Value } from '../../src/formats/keyed-format.ts';
import type { Playbook, PortFact } from '../../src/model/playbook.ts';
import { renderText } from '../../src/playbook/resolve/templates.ts';

/** A line of a playbook's port table, with all values filled in. */
export interface PortRow {
  /** role of the hosts that listen on it */
  readonly on: string;
  /** `443`, `30000-35000` */
  readonly port: string;
  readonly protocol: 'tcp' | 'udp' | 'vrrp';
  readonly from: readonly string[];
  /** what has to be set for it, in words; empty for nothing */
  readonly when: string;
  readonly purpose: string;
}

/**
 * The ports that must be reachable, with their clients and purposes; with these variables, else with the
 * playbook's defaults.
 */
export function portRows(playbook: Playbook, vars: Readonly<Record<string, Value>> = {}): readonly PortRow[] {
  const defaults = Object.entries(playbook.variables).map(
    ([name, variable]) => [name, variable.default ?? ''] as const,
  );
  const context = { vars: { ...Object.fromEntries(defaults), ...vars } };
  return playbook.roles.flatMap((role) =>
    role.ports.map(({ port, protocol, from, when, purpose }) => ({
      on: role.name,
      port: renderText(port, context),
      protocol,
      from,
      when: conditionWords(when),
      purpose: renderText(purpose, context),
    })),
  );
}

/** ``with `http3: true` ``, `` with `certificate_from: certbot` or `files` `` */
function conditionWords(when: PortFact['when']): string {
  const each = Object.entries(when).map(([subject, values]) => {
    const [first, ...others] = values;
    const name = subject.replace('vars.', '');
    const words = [`\`${name}: ${first}\``, ...others.map((one) => `\`${one}\``)];
    const last = words.pop();
    return words.length === 0 ? last : `${words.join(', ')} or ${last}`;
  });
  return each.length === 0 ? '' : `with ${each.join(' and ')}`;
}

/** The table as Markdown, as in `docs/`. */
export function portTable(rows: readonly PortRow[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return [
    line(['on', 'port', 'from', 'for']),
    line(['---', '---', '---', '---']),
    ...rows.map(({ on, port, protocol, from, when, purpose }) =>
      line([
        on,
        `${port}/${protocol}`,
        from.join(', '),
        [purpose, when].filter((text) => text !== '').join(', '),
      ]),
    ),
  ].join('');
}
