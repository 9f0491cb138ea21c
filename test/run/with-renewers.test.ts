import { describe, expect, it } from 'vitest';
import { readRenewals } from '../../src/doctor/renewals-found.ts';
import type { CheckResult } from '../../src/model/outside-check.ts';
import { asksForCertificate, withRenewers } from '../../src/run/with-renewers.ts';
import { judgeCertificate } from '../../src/verify/judge-certificate.ts';
import { inventoryOf } from '../support/sample-cluster.ts';

const day = 86_400_000;
const name = 'bbb.example.com';
const now = Date.parse('2026-11-27T00:00:00Z');
const dated = (time: number) =>
  new Date(time).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) (\S+) GMT/, '$2 $1 $4 $3 GMT');

/** The check of a certificate for 90 days, on a host where renewals.sh prints these lines. */
function checked(
  left: number,
  lines: readonly string[],
  { mistrust }: { mistrust?: string } = {},
): CheckResult {
  const [validFrom, validTo] = [now + (left - 90) * day, now + left * day];
  const own = `own\u001fcertbot\u001f/etc/letsencrypt/live/${name}/cert.pem\u001f0A1B|${dated(validFrom)}|${dated(validTo)}|CN=R12\u001fDNS:${name}\u001fversion = 2.1.0`;
  const verdict = judgeCertificate(
    { kind: 'certificate', hostname: name, port: 443 },
    { kind: 'certificate', mistrust, serial: '0A1B', validFrom, validTo },
    now,
  );
  const check = {
    host: 'proxy-1',
    role: 'proxy',
    id: 'certificate',
    title: 'a',
    fix: 'renew it',
    ...verdict,
  };
  const output = [...lines.map((line) => (line === 'own' ? own : line)), 'end'].join('\n');
  const [result] = withRenewers([check], readRenewals({ status: 0, output }), now);
  if (result === undefined) throw new Error('no result');
  return result;
}

const timer = [
  'runs\u001fcertbot\u001ftimer\u001fcertbot.timer',
  'unit\u001fcertbot.timer\u001floaded\u001factive',
];
const haproxy = [
  `asks\u001fhaproxy\u001f  ssl-f-use crt a.pem acme LE domains ${name}`,
  'unit\u001fhaproxy.service\u001floaded\u001factive',
];

describe('the check of a certificate', () => {
  it('has a note of who renews it', () => {
    expect(checked(60, ['own', ...timer])).toMatchObject({
      outcome: 'passed',
      note: 'renewed by certbot, next about 2026-12-27; certbot.timer is active',
    });
  });

  it('says that nobody is known to, once it is late', () => {
    expect(checked(60, []).note).toBeUndefined();
    expect(checked(20, [])).toMatchObject({
      outcome: 'passed',
      note: 'it ends in 20 days, and should have been renewed by 2026-11-24; nothing on this host is known to renew it',
    });
    expect(checked(10, ['partly\u001f/root'])).toMatchObject({
      outcome: 'failed',
      note: 'who renews it is not known: could not be read: /root',
    });
  });

  it('fails late where it is renewed late', () => {
    expect(checked(9, []).outcome).toBe('failed');
    expect(checked(9, haproxy)).toMatchObject({
      ...{ outcome: 'passed', fix: undefined },
      note: "renewed by HAProxy's own ACME, next about 2026-11-28; haproxy.service is active",
    });
    expect(checked(2, haproxy).outcome).toBe('failed');
  });

  it('stays failed for another reason than its time', () => {
    const failed = checked(60, haproxy, { mistrust: 'it is self-signed' });
    expect([failed.outcome, failed.note]).toEqual(['failed', undefined]);
  });
});

it('is asked for only on hosts in the cluster that have a check of one', async () => {
  const inventory = await inventoryOf();
  const [proxy] = inventory.hosts;
  if (proxy === undefined) throw new Error('no hosts');
  expect(asksForCertificate(inventory, proxy)).toBe(true);
  expect(asksForCertificate(inventory, { ...proxy, state: 'retired' })).toBe(false);
  const roles = inventory.playbook.roles.map((role) => ({
    ...role,
    verify: role.verify.filter(({ question }) => question.kind !== 'certificate'),
  }));
  const without = { ...inventory, playbook: { ...inventory.playbook, roles } };
  expect(asksForCertificate(without, proxy)).toBe(false);
});
