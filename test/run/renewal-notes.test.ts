import { describe, expect, it } from 'vitest';
import { emptyPlan } from '../../src/model/plan.ts';
import { noReads } from '../../src/model/reads.ts';
import { askingBeside, withRenewalNotes } from '../../src/run/renewal-notes.ts';
import { askingRenewals } from '../../src/run/with-renewers.ts';
import { inventoryOf } from '../support/sample-cluster.ts';
import { snapshotOf } from '../support/snapshot-from-folder.ts';

const day = 86_400_000;
const now = Date.parse('2026-11-27T00:00:00Z');
const inventory = await inventoryOf();
const name = inventory.cluster.hostname;
const asking = await askingRenewals();

const dated = (time: number) =>
  new Date(time).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) (\S+) GMT/, '$2 $1 $4 $3 GMT');
/** A line of renewals.sh of a certificate for 90 days, of which so many are left. */
const kept = (left: number, client = 'certbot', names = `DNS:${name}`) =>
  [
    ...['own', client, `/etc/letsencrypt/live/${name}/cert.pem`],
    `0A1B|${dated(now + (left - 90) * day)}|${dated(now + left * day)}|CN=R12`,
    ...[names, 'version = 2.1.0'],
  ].join('\u001f');
const timer = (active: string) => [
  'runs\u001fcertbot\u001ftimer\u001fcertbot.timer',
  `unit\u001fcertbot.timer\u001floaded\u001f${active}`,
];

/** What is told of a host where renewals.sh prints these lines. */
function told(...lines: readonly string[]) {
  const output = [...lines, 'end'].join('\n');
  const answers = [[asking.query, { status: 0, output }]] as const;
  const reads = { ...noReads, queries: [asking.query] };
  const snapshot = snapshotOf({ name: 'proxy-1', files: {}, answers }, reads);
  const host = { ...emptyPlan({ name: 'proxy-1', role: 'proxy' }), snapshot };
  const plan = withRenewalNotes({ hosts: [host], byHand: [], warnings: [] }, { inventory, asking, now });
  const [{ notes = [], warnings } = host] = plan.hosts;
  return { notes, warnings };
}

describe('what check says of certificates', () => {
  it('is who renews the one for the name of the cluster, and when', () => {
    expect(told(kept(60), ...timer('active'))).toEqual({
      notes: [
        `the certificate of ${name} is renewed by certbot, next about 2026-12-27; certbot.timer is active`,
      ],
      warnings: [],
    });
    expect(told(kept(60, 'certbot', 'DNS:other.example.com'), ...timer('active')).notes).toEqual([]);
    expect(told()).toEqual({ notes: [], warnings: [] });
  });

  it('is a warning where that should have happened', () => {
    const { notes, warnings } = told(kept(15), ...timer('inactive'));
    expect(notes).toEqual([]);
    expect(warnings).toEqual([
      expect.stringMatching(
        /ends on 2026-12-12, and should have been renewed by now: to be renewed by certbot/,
      ),
    ]);
  });

  it('goes by the last one that was got for the name', () => {
    const { notes, warnings } = told(kept(1, 'lego'), kept(60), ...timer('active'));
    expect(warnings).toEqual([]);
    expect(notes).toEqual([expect.stringContaining('renewed by certbot')]);
  });

  it('is asked only of hosts that show a certificate for it', () => {
    const asked = inventory.hosts.filter(
      (host) => askingBeside({ inventory }, asking)(host).queries.length > 0,
    );
    expect([...new Set(asked.map(({ role }) => role))]).toEqual(['proxy']);
  });
});
