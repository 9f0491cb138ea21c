import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { hostOf, statuses } from './cluster.ts';
import { caddy } from './door/caddy.ts';
import { nginx } from './door/nginx.ts';
import { OpenSocket } from './door/socket.ts';
import { noLab, useLab } from './lab.ts';
import { Audience } from './pair/audience.ts';
import { type Pair, startPair } from './pair/pair.ts';

const flag = '/run/clusterproxy-away';

async function applies({ cluster }: Pair) {
  const { code, document, stderr } = await cluster.json('apply', '--yes');
  expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
  expect(code, stderr).toBe(0);
  return document;
}

/** What a host has left of a hand-over. */
async function left(host: LabHost): Promise<string> {
  const { stdout } = await host.exec(
    `ls -A ${flag} /var/lib/clusterproxy/cordons/* /etc/systemd/system/clusterproxy-cordon-* 2>/dev/null | grep -v lock`,
  );
  return stdout.trim();
}

function told(what: string, { answered, retried, failed, longestGap }: Audience): void {
  console.warn(
    `${what}: ${answered} answered at once, ${retried.length} at the second try, ${failed.length} not; longest time without an answer ${longestGap} ms`,
  );
}

describe.skipIf(noLab)('a pair whose address leaves before work that interrupts the proxy', () => {
  const lab = useLab();
  let pair: Pair;

  beforeAll(async () => {
    pair = await startPair(lab(), { name: 'handover', nodes: ['3.0'], software: nginx });
    await applies(pair);
    await pair.holder();
    // keepalived has asked often enough by then to know which host is fit.
    await sleep(6_000);
  });

  it('is moved before a reboot, and goes on without taking it back', async () => {
    const before = await pair.holder();
    const other = pair.other(before);
    const audience = new Audience(pair.door, pair.page());
    const { code, document, stderr } = await pair.cluster.json('reboot', before.name, '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`having ${other.name} take over the cluster's address`);
    told('the holder rebooted', await audience.end());
    expect(audience.failed).toEqual([]);
    expect(hostOf(document, before.name).warnings).toEqual([]);
    expect((await pair.holder()).name).toBe(other.name);
    // It was taken by the word of keepalived's own question, and not by the host's end.
    expect(await before.mustExec('journalctl -u keepalived.service --no-pager')).toContain('FAULT STATE');
    expect(await left(before)).toBe('');
    await eventually(() => before.mustExec('systemctl is-active keepalived.service nginx.service'));
  });

  it('stays where no other proxy answers, and that is said', async () => {
    const before = await pair.holder();
    const other = pair.other(before);
    await other.mustExec('systemctl stop nginx.service');
    const { code, document, stderr } = await pair.cluster.json(
      'reboot',
      before.name,
      '--yes',
      '--max-unavailable=2',
    );
    expect(code, stderr).toBe(0);
    expect(hostOf(document, before.name).warnings.join('\n')).toContain(
      `${before.name} keeps the cluster's address, if it has it, as no other host can take it: ${other.name} does not answer`,
    );
    await other.mustExec('systemctl start nginx.service');
    await pair.holder();
  });

  it('stays where keepalived does not run on the other one, although its proxy answers', async () => {
    const before = await pair.holder();
    const other = pair.other(before);
    await other.mustExec('systemctl stop keepalived.service');
    const { code, document, stderr } = await pair.cluster.json('reboot', before.name, '--yes');
    expect(code, stderr).toBe(0);
    expect(hostOf(document, before.name).warnings.join('\n')).toContain('keepalived does not run there');
    await other.mustExec('systemctl start keepalived.service');
    await pair.holder();
    await sleep(6_000);
  });

  it('is let have it again by its own clock where nobody follows the run any longer', async () => {
    const before = await pair.holder();
    const other = pair.other(before);
    const name = pair.cluster.inventory.cluster.name;
    const started = pair.cluster.start('reboot', before.name, '--yes');
    await eventually(() => before.mustExec(`test -e ${flag}/${name}`));
    started.child.kill('SIGKILL');
    await eventually(() => before.mustExec('systemctl is-active keepalived.service nginx.service'));
    await eventually(async () => expect((await pair.holder()).name).toBe(other.name));
    // As if the time were over by which the run must have ended.
    const folder = `/var/lib/clusterproxy/cordons/${name}/${before.name}`;
    await eventually(() => before.mustExec(`test -s ${folder}/record`));
    await before.mustExec(`sed -i "s/[0-9]\\{10\\}\\x1f1\\x1f/1\\x1f1\\x1f/" ${folder}/record`);
    await before.mustExec(`sh ${folder}/give-back ${name}/${before.name}`);
    expect(await left(before)).toBe('');
    expect((await pair.holder()).name).toBe(other.name);
  });
});

describe.skipIf(noLab)('a pair of proxies whose reload cuts WebSockets', () => {
  const lab = useLab();
  let pair: Pair;

  beforeAll(async () => {
    pair = await startPair(lab(), { name: 'cutting', nodes: ['3.0'], software: caddy });
    await applies(pair);
    await pair.holder();
    await sleep(6_000);
  });

  it('is changed while people are connected, each proxy without them', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 5 }, () => OpenSocket.open(pair.door, pair.socket())),
    );
    const before = await pair.holder();
    const other = pair.other(before);
    const audience = new Audience(pair.door, pair.page());
    pair.cluster.inventory.vars.redirect_http = false;
    await pair.cluster.save();
    const planned = (await pair.cluster.json('plan')).document;
    const document = await applies(pair);
    // The one that has the address goes last, so that it moves once.
    const [order] = (planned.rollout ?? []).filter(({ role }) => role === 'proxy');
    expect(order?.hosts).toEqual([other.name, before.name]);
    expect(planned.notes).toContain(
      `${before.name} has the cluster's address, and is changed last of its role`,
    );
    expect((await pair.holder()).name).toBe(other.name);
    told('Caddy reloaded on both', await audience.end());
    expect(audience.failed).toEqual([]);
    for (const { name } of pair.cluster.proxies) expect(statuses(document)[name]).toBe('changed');
    for (const one of sockets) one.close();
    for (const host of pair.cluster.proxies) expect(await left(host)).toBe('');
    await pair.holder();
    expect(new Set(Object.values(statuses(await applies(pair))))).toEqual(new Set(['in-sync']));
  });
});
