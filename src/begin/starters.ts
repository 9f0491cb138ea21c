import type { Draft, DraftHost } from './draft.ts';

/** An inventory to begin with, by playbook: what `init` writes if these are the hosts. */
export const starters: Readonly<Record<string, Draft>> = Object.fromEntries(
  (
    [
      ['bigbluebutton', 'proxy', 'bbb'],
      ['averox', 'proxy', 'avx'],
      ['wcs', 'balancer', 'wcs'],
      ['antmedia', 'balancer', 'ams'],
    ] as const
  ).map(([playbook, door, short]) => [playbook, starter(playbook, door, short)]),
);

function starter(playbook: string, door: string, short: string): Draft {
  const node = (number: number): DraftHost => ({
    role: 'node',
    name: `${short}-0${number}`,
    hostname: `${short}-0${number}.example.com`,
  });
  return {
    playbook,
    cluster: { name: 'prod', hostname: `${short}.example.com` },
    ssh: { user: 'ops', become: 'sudo' },
    external: [],
    hosts: [{ role: door, name: `${door}-1`, address: '192.0.2.5' }, node(1), node(2)],
  };
}
