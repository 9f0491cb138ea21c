import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../lab/host.ts';

const MEETING =
  '<meeting><meetingName>Maths, class 7b</meetingName><meetingID>7b</meetingID><participantCount>27</participantCount></meeting>';

/** The first time that it is called a class begins; then it fails, or takes its time. */
const RING = `#!/bin/sh
[ ! -e /root/rung ] || exit 0
cp /root/meetings.xml /var/lib/bbb-standin/meetings.xml
touch /root/rung
case $1 in fails) exit 1 ;; hangs) sleep 100 ;; esac
`;

/** A class begins while this service is started. */
export async function ring(host: LabHost, unit: string, how: 'begins' | 'fails' | 'hangs'): Promise<void> {
  await host.writeFile('/root/meetings.xml', MEETING);
  await host.writeFile('/usr/local/bin/ring', RING, 0o755);
  const line = how === 'begins' ? 'ExecStartPost' : 'Restart=no\nExecStartPre';
  await host.writeFile(
    `/etc/systemd/system/${unit}.service.d/bell.conf`,
    `[Service]\n${line}=+/usr/local/bin/ring ${how}\n`,
  );
  await host.mustExec('systemctl daemon-reload');
}

/** It has begun. */
export async function rung(host: LabHost): Promise<void> {
  while ((await host.exec('test -e /root/rung')).code !== 0) await sleep(50);
}

/** Handlers that the host owes. */
export const owed = async (host: LabHost) =>
  (await host.exec('cat /var/lib/clusterproxy/clusters/*/owed')).stdout
    .split('\n')
    .filter((line) => line !== '');
