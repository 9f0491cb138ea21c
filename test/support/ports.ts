import type { Value } from '../../src/formats/keyed-format.ts';
import type { Playbook } from '../../src/model/playbook.ts';
import { renderText } from '../../src/playbook/resolve/templates.ts';

/** A line of a playbook's port table, with all values filled in. */
export interface PortRow {
  /** role of the hosts that listen on it */
  readonly on: string;
  /** `443`, `30000-35000` */
  readonly port: string;
  readonly protocol: 'tcp' | 'udp' | 'vrrp';
  readonly from: readonly string[];
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
    role.ports.map(({ port, protocol, from, purpose }) => ({
      on: role.name,
      port: renderText(port, context),
      protocol,
      from,
      purpose: renderText(purpose, context),
    })),
  );
}

/** The table as Markdown, as in `docs/`. */
export function portTable(rows: readonly PortRow[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return [
    line(['on', 'port', 'from', 'for']),
    line(['---', '---', '---', '---']),
    ...rows.map(({ on, port, protocol, from, purpose }) =>
      line([on, `${port}/${protocol}`, from.join(', '), purpose]),
    ),
  ].join('');
}
