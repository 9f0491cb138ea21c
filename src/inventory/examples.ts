import { nearestName } from '../document/nearest-name.ts';
import type { YamlPath } from '../document/yaml-document.ts';

/** What to do about an inventory without anything in it. */
export const emptyHint = `start with clusterproxy init, a copy of inventory.example.yaml, or these lines:
  playbook: bigbluebutton
  cluster: {name: prod, hostname: bbb.example.com}
  hosts:
    proxy:
      - {name: proxy, hostname: bbb.example.com}
    node:
      - {name: node-1, hostname: node-1.example.com}`;

/** What to do about a part that is written in another form. */
export function formHint(path: YamlPath, value: unknown): string | undefined {
  if (path.length > 1 || path[0] !== 'cluster' || value === null) return hostsHint(path, value);
  const name = typeof value === 'string' && /^[\w-]+$/.test(value) ? value : 'prod';
  return `write it like this: cluster: {name: ${name}, hostname: bbb.example.com}`;
}

/** What to do about hosts that are written in another form, with their own names where these are given. */
export function hostsHint(path: YamlPath, value: unknown): string | undefined {
  const [hosts, role, index, ...rest] = path;
  if (hosts !== 'hosts' || rest.length > 0) return undefined;
  if (index !== undefined) {
    return typeof value === 'string' ? `write the host like this:\n  - ${entry(value)}` : undefined;
  }
  if (role === undefined)
    return `list the hosts by role, like this:\n  hosts:\n    node:\n      - ${entry('node-1')}`;
  const nearest = typeof value === 'string' ? nearestName(value, ['external']) : undefined;
  if (nearest !== undefined) return `did you mean ${nearest}?`;
  const names = typeof value === 'string' ? value.split(/[\s,]+/).filter((name) => name !== '') : [];
  const entries = (names.length === 0 ? ['node-1'] : names).slice(0, 3).map(entry);
  const name = String(role);
  return [`list the hosts of ${name} like this:`, `  ${name}:`, ...entries.map((one) => `    - ${one}`)].join(
    '\n',
  );
}

/** A host named by its DNS name keeps that; the first part of it is its name. */
function entry(text: string): string {
  const [name = 'node-1', ...domain] = text.toLowerCase().split('.');
  return `{name: ${name}, hostname: ${domain.length === 0 ? `${name}.example.com` : text}}`;
}
