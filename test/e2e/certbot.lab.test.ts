import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabHost } from '../lab/host.ts';
import { installPebble, withoutPebble } from '../lab/pebble.ts';
import { hostOf, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { clusterproxyJson } from './program.ts';

const missing = noLab || withoutPebble;
if (!noLab && missing) console.warn('Tests with an ACME server are skipped: pebble is not installed');

const authority = 'ca-1.example.com';
const name = 'web-1.example.com';
const bundle = '/etc/haproxy/certs/web.pem';
const playbook = `
name: certified
description: a certificate by certbot, for tests
roles:
  web:
    description: a host
    stages: [certificate, files]
    steps:
      - id: certificate
        stage: certificate
        certbot: {names: ['{{ host.hostname }}'], server: 'https://${authority}:14000/dir'}
      - id: bundle
        stage: files
        pem-bundle: {path: ${bundle}, certbot_name: '{{ host.hostname }}', names: ['{{ host.hostname }}']}
`;
/** Has port 80, and passes challenges on. */
const balancer = `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend plain
  bind :80
  use_backend acme if { path_beg /.well-known/acme-challenge/ }
backend acme
  server certbot 127.0.0.1:8888
`;

describe.skipIf(missing)('certificates by a real certbot from a real ACME server', () => {
  const lab = useLab();
  let web: LabHost;
  let file: string;

  beforeAll(async () => {
    if (missing) return;
    const [host] = await lab().addHosts([{ name: 'web-1' }, { name: 'ca-1', prepare: installPebble }]);
    if (host === undefined) throw new Error('no host');
    web = host;
    const folder = join(lab().directory, 'clusters', 'certified');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'playbook.yaml'), playbook);
    file = join(folder, 'inventory.yaml');
    const inventory = {
      playbook: './playbook.yaml',
      cluster: { name: 'certified', hostname: name },
      windows: 'anytime',
      ssh: { user: 'ops', become: 'sudo', identity_files: [lab().sshKey], known_hosts: [lab().knownHosts] },
      hosts: { web: [{ name: 'web-1', hostname: name }] },
    };
    await writeFile(file, JSON.stringify(inventory));
  });

  const clusterproxy = (command: string, ...args: readonly string[]) =>
    clusterproxyJson(lab(), [command, '--inventory', file, ...args]);
  const serial = async () =>
    web.mustExec(`openssl x509 -noout -serial -in /etc/letsencrypt/live/${name}/fullchain.pem`);

  it('are fetched where there is none, and what is made of them comes in the next stage', async () => {
    const planned = await clusterproxy('plan');
    expect(hostOf(planned.document, 'web-1').changes).toMatchObject([
      { stage: 1, kind: 'action', path: `fetch certificate ${name}` },
      { stage: 2, knownAfter: 'certificate' },
    ]);
    const applied = await clusterproxy('apply', '--yes');
    expect(hostOf(applied.document, 'web-1').error).toBeUndefined();
    expect([applied.code, statuses(applied.document)]).toEqual([0, { 'web-1': 'changed' }]);
    const issuer = await web.mustExec(`openssl x509 -noout -issuer -ext subjectAltName -in ${bundle}`);
    expect(issuer).toContain('Pebble Intermediate CA');
    expect(issuer).toContain(`DNS:${name}`);
    expect(await web.mustExec(`stat -c %a ${bundle}`)).toBe('600\n');
    const again = await clusterproxy('apply', '--yes');
    expect([again.code, statuses(again.document)]).toEqual([0, { 'web-1': 'in-sync' }]);
  });

  it('are renewed while something else has port 80, and the bundle follows', async () => {
    await web.writeFile('/etc/haproxy/haproxy.cfg', balancer);
    await web.mustExec('systemctl start haproxy.service');
    const before = await serial();
    await web.mustExec('certbot renew --force-renewal --no-random-sleep-on-renew', { timeoutMs: 120_000 });
    expect(await serial()).not.toBe(before);
    const checked = await clusterproxy('check');
    expect(checked.code).toBe(2);
    expect(hostOf(checked.document, 'web-1').changes.map(({ path }) => path)).toEqual([bundle]);
    expect((await clusterproxy('apply', '--yes')).code).toBe(0);
  });

  it('are told to be renewed by certbot, by the file that was made of them, and when its timer is off', async () => {
    const secure = `${balancer}frontend secure\n  bind :443 ssl crt ${bundle}\n`;
    await web.writeFile('/etc/haproxy/haproxy.cfg', secure);
    await web.mustExec(
      'systemctl restart haproxy.service; systemctl unmask certbot.timer && systemctl start certbot.timer',
    );
    const troubles = async () => {
      const { document } = await clusterproxy('doctor');
      return new Map(document.troubles?.map((one) => [one.id, one]));
    };
    const sound = await troubles();
    expect(sound.get('certificate-ending')?.note).toMatch(
      /^the certificate of web-1\.example\.com is renewed by certbot, next about \d{4}-\S+; certbot\.timer is active$/,
    );
    expect(sound.get('renewal-stopped')?.outcome).toBe('absent');
    await web.mustExec('systemctl mask --now certbot.timer');
    expect((await troubles()).get('renewal-stopped')).toMatchObject({
      // Something else may renew it, as long as it isn't late.
      outcome: 'unknown',
      found: `certbot keeps the certificate of ${name}; certbot.timer is not active, and it is not late yet, so that something else may renew it; if not: systemctl unmask certbot.timer && systemctl enable --now certbot.timer`,
    });
  });

  it('are fetched behind it as well', async () => {
    await web.mustExec('rm -r /etc/letsencrypt/live /etc/letsencrypt/archive /etc/letsencrypt/renewal');
    const applied = await clusterproxy('apply', '--yes');
    expect(hostOf(applied.document, 'web-1').error).toBeUndefined();
    expect(applied.code).toBe(0);
  });

  it('that can not be had end with exit status 3, in the words of certbot, with no file changed', async () => {
    // The account as well: one order in a hundred is valid at once if it has shown before that the name is
    // its own, even with PEBBLE_AUTHZREUSE=0 (pebble, wfe.go: `rand.Intn(100) > wfe.authzReusePercent`).
    await web.mustExec('cd /etc/letsencrypt && rm -r live archive renewal accounts');
    const before = await web.mustExec(`sha256sum ${bundle}`);
    // Who has port 80 passes nothing on any more.
    await web.writeFile('/etc/haproxy/haproxy.cfg', balancer.replace('127.0.0.1:8888', '127.0.0.1:9'));
    await web.mustExec('systemctl restart haproxy.service');
    const applied = await clusterproxy('apply', '--yes');
    expect(applied.code).toBe(3);
    const { error } = hostOf(applied.document, 'web-1');
    expect(error).toMatchObject({ code: 'action-failed' });
    expect(error?.detail).toContain('Some challenges have failed');
    expect(await web.mustExec(`sha256sum ${bundle}`)).toBe(before);
  });

  it('are not asked for a fifth time within an hour, and the plan says so', async () => {
    for (const _ of [2, 3, 4]) expect((await clusterproxy('apply', '--yes')).code).toBe(3);
    const tries = () => web.mustExec('grep -c "certbot version: " /var/log/letsencrypt/letsencrypt.log');
    const before = await tries();
    const { warnings } = hostOf((await clusterproxy('plan')).document, 'web-1');
    expect(warnings.join()).toMatch(/is not asked for before \d\d:\d\d UTC: 4 tries have failed/);
    const applied = await clusterproxy('apply', '--yes');
    expect(applied.code).toBe(3);
    const { error } = hostOf(applied.document, 'web-1');
    expect(error).toMatchObject({ code: 'asked-too-often' });
    expect(await tries()).toBe(before);
    // As the message says.
    await web.writeFile('/etc/haproxy/haproxy.cfg', balancer);
    await web.mustExec('systemctl restart haproxy.service');
    const [, command = ''] = /run on this host: (certbot .*)$/.exec(error?.next ?? '') ?? [];
    await web.mustExec(command, { timeoutMs: 120_000 });
    expect((await clusterproxy('apply', '--yes')).code).toBe(0);
  });
});
