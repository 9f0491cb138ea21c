import { describe, expect, it } from 'vitest';
import type { RenewalsFound } from '../../src/doctor/renewals-found.ts';
import type { Surroundings } from '../../src/doctor/surroundings.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { ClusterPlan, HostPlan } from '../../src/model/plan.ts';
import { queryKey } from '../../src/model/reads.ts';
import { guardsOf } from '../../src/playbook/resolve/reads.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { renderToday } from '../../src/report/terminal/today.ts';
import { holdsIn } from '../../src/run/claims/held.ts';
import { thisProcess } from '../../src/run/claims/this-process.ts';
import { operatorHere } from '../../src/run/operator.ts';
import { resultOfPlan } from '../../src/run/result-of-plan.ts';
import { todayOf } from '../../src/run/today.ts';
import { runWindow } from '../../src/run/windows/run-window.ts';
import { documentOf } from '../report/documents.ts';
import { hostPlan, planOf } from '../support/host-plan.ts';
import { loadInventoryText } from '../support/load-inventory.ts';
import { emptySnapshot } from '../support/snapshot.ts';

const names = ['bbb-01', 'bbb-02', 'bbb-03'];
const friday = Date.parse('2026-11-27T10:12:00Z');
const text = (windows: string) => `playbook: bigbluebutton
cluster: {name: prod, hostname: bbb.example.com, time_zone: Europe/Berlin}
${windows}
hosts:
  proxy: [{name: proxy-1}]
  node: [${names.map((name) => `{name: ${name}, hostname: ${name}.example.com}`).join(', ')}]
`;
const nights = "windows: [{from: '22:00', to: '05:00'}]";

/** A host that was looked at, on which nobody is, or so many meetings are. */
function seen(name: string, inventory: Inventory, meetings = 0, more: Partial<HostPlan> = {}): HostPlan {
  const host = inventory.hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(name);
  const answers = new Map(
    guardsOf(inventory, host).map(({ id, query }) => {
      const lines = id === 'meetings' ? Array.from({ length: meetings }, () => '30\u001f\u001f4800\n') : [];
      return [queryKey(query), { status: lines.length === 0 ? 0 : 1, output: lines.join('') }] as const;
    }),
  );
  const snapshot = { ...emptySnapshot(name), answers, ...more.snapshot };
  return planOf(name, host.role, { ...more, snapshot });
}

async function told(
  windows: string,
  hosts: (inventory: Inventory) => readonly HostPlan[],
  {
    surroundings = new Map(),
    renewals = new Map(),
    at = friday,
  }: {
    surroundings?: Map<string, Surroundings>;
    renewals?: Map<string, RenewalsFound>;
    at?: number;
  } = {},
) {
  const inventory = await loadInventoryText(text(windows));
  const nginx = { load: 'loaded', active: 'active', sub: 'running', enabled: 'enabled' };
  const units = new Map([['nginx.service', nginx]]);
  const proxy = seen('proxy-1', inventory, 0, { snapshot: { ...emptySnapshot('proxy-1'), units } });
  const plan: ClusterPlan = { hosts: [proxy, ...hosts(inventory)], byHand: [], warnings: [] };
  const wishes = { window: [], now: false, deadline: undefined };
  const window = await runWindow(inventory, wishes, { now: () => at, zone: 'UTC' });
  const today = todayOf(plan, surroundings, { inventory, parallel: 8, window, renewals });
  const document = documentOf(resultOfPlan(plan, 'today'), { today, holds: holdsIn(plan) });
  const lines = renderToday(document, makeStyle({ columns: 100, color: false, verbose: false }));
  return { today, document, lines, all: lines.join(' ').replace(/\s+/g, ' ') };
}

it('counts a role once, also where one of its doors leaves', async () => {
  const { today } = await told('windows: anytime', (inventory) => [
    { ...hostPlan('proxy-0', 'proxy'), retires: true },
    ...names.map((name) => seen(name, inventory)),
  ]);
  expect(today.roles.map(({ role }) => role)).toEqual(['proxy', 'node']);
});

describe('whether a cluster may be changed now', () => {
  const quiet = (inventory: Inventory) => names.map((name) => seen(name, inventory));

  it('by day only what interrupts nobody, unless it is said', async () => {
    const { today, all } = await told('', quiet);
    expect(today.may).toBe('what-interrupts-nobody');
    expect(all).toContain(
      'only what interrupts nobody may be changed at Fri 27 Nov 11:12 (Europe/Berlin): it is a weekday between 07:00 and 18:00, until Fri 27 Nov 18:00; --now, or a yes on a terminal, changes what interrupts people',
    );
    const evening = await told('', quiet, { at: Date.parse('2026-11-27T19:00:00Z') });
    expect(evening.today.may).toBe('everything');
    expect(evening.today.window).toMatchObject({ open: true, closes: '2026-11-30T07:00+01:00' });
  });

  it('within a window, and it is said when the next one opens', async () => {
    const closed = await told(nights, quiet);
    expect(closed.today).toMatchObject({
      may: 'what-interrupts-nobody',
      window: { rule: 'windows', open: false, opens: '2026-11-27T22:00+01:00' },
    });
    expect(closed.all).toContain('no window is open; the next one opens Fri 27 Nov 22:00');
    const open = await told(nights, quiet, { at: Date.parse('2026-11-27T23:00:00Z') });
    expect(open.today).toMatchObject({
      may: 'everything',
      window: { open: true, closes: '2026-11-28T05:00+01:00' },
    });
  });

  it('not while it is held, or a run is at work', async () => {
    const hold = { by: 'ada', from: 'laptop', reason: 'exams', since: friday / 1_000, until: undefined };
    const held = await told('windows: anytime', (inventory) =>
      names.map((name) => seen(name, inventory, 0, { snapshot: { ...emptySnapshot(name), hold } })),
    );
    expect(held.today.may).toBe('nothing');
    expect(held.all).toMatch(
      /^nothing may be changed at [^;]*: the cluster is held the cluster is held by ada /,
    );
    const unsettled = [{ run: 'R', state: 'open', alive: true, who: 'ada from laptop, apply, run R' }];
    const busy = await told('windows: anytime', (inventory) =>
      names.map((name) => seen(name, inventory, 0, name === 'bbb-02' ? { unsettled } : {})),
    );
    expect(busy.today).toMatchObject({ may: 'nothing', atWork: ['bbb-02'] });
    expect(busy.all).toMatch(/a run is at work on bbb-02 .*bbb-02: run R .* working on it right now/);
  });

  it('tells what a run has reserved once, and whether that is in the way', async () => {
    const reservedBy = (from: string) =>
      told('windows: anytime', (inventory) =>
        names.map((name) =>
          seen(name, inventory, 0, {
            snapshot: { ...emptySnapshot(name), lease: { ...lease, from } },
          }),
        ),
      );
    // A process of this machine that began at another time: its number is another's by now.
    const ended = thisProcess().replace(/\S+$/, '1');
    const times = { since: friday / 1_000, until: friday / 1_000 + 600 };
    const lease = { run: 'R', command: 'apply', by: 'ada', from: '', process: ended, ...times };
    const elsewhere = await reservedBy('laptop');
    expect(elsewhere.today).toMatchObject({ may: 'nothing', atWork: names });
    const reserved = '  bbb-01, bbb-02 and bbb-03: reserved by run R (apply by ada from ';
    expect(elsewhere.lines).toContain(`${reserved}laptop)`);
    const gone = await reservedBy(operatorHere().from);
    expect(gone.today).toMatchObject({ may: 'everything', atWork: [] });
    expect(gone.all).toContain(
      'whose controller is gone: a run from this machine need not wait, one from another until 2026-11-27 10:22 UTC',
    );
  });

  it('interrupts nobody more where as many are out as may be', async () => {
    const { today, all } = await told('windows: anytime', (inventory) => [
      ...names.slice(0, 2).map((name) => seen(name, inventory)),
      planOf('bbb-03', 'node', { unreachable: true }),
    ]);
    expect(today.may).toBe('what-interrupts-nobody');
    expect(all).toContain('bbb-03 is out, and no more than 1 of the role node may be');
    expect(all).toContain('node: 2 of 3; 1 may be out at once; out: bbb-03 (unreachable)');
  });

  it('says of a role from which all hosts have gone that none is left', async () => {
    const { document } = await told('windows: anytime', quiet);
    const { today } = document;
    if (today === undefined) throw new Error('nothing is told of today');
    const roles = [{ role: 'node', hosts: 0, maxUnavailable: 1, out: [] }];
    const lines = renderToday(
      { ...document, today: { ...today, roles } },
      makeStyle({ columns: 100, color: false, verbose: false }),
    );
    expect(lines.join('\n')).toContain('node: no host is left');
    expect(lines.join('\n')).not.toContain('0 of 0');
  });

  it('tells who is there, also on hosts on which nothing would be changed', async () => {
    const { document, lines, all } = await told('windows: anytime', (inventory) => [
      seen('bbb-01', inventory, 2),
      seen('bbb-02', inventory),
      { ...hostPlan('bbb-03', 'node'), snapshot: seen('bbb-03', inventory).snapshot },
    ]);
    expect(document.today?.people.find(({ name }) => name === 'bbb-01')?.guards[0]).toMatchObject({
      ...{ state: 'busy', people: 60, oldestSeconds: 4_800 },
    });
    expect(all).toContain('bbb-01: running meetings: 2, with 60 people; the oldest started 1 h 20 min ago');
    expect(all).toContain('nobody is on bbb-02 and bbb-03');
    expect(lines.join('\n')).toMatch(
      /not as planned\n {2}bbb-03: 1 file; it was never set up, or was retired/,
    );
    expect(all).toContain('with bbb-01, where people are, a run does as --when-busy says');
  });

  it('lists certificates once, the one that ends first at the top, and reboots', async () => {
    const day = 86_400_000;
    const shown = (name: string, port: number, left: number) => ({
      ...{ name, port, serial: `${name}${left}`, organization: "Let's Encrypt" },
      ...{ validFrom: friday - (90 - left) * day, validTo: friday + left * day },
    });
    const none = { disks: [], beside: [], halfConfigured: [], reboot: undefined, needrestart: [], apt: [] };
    const more = { dnfAutomatic: false, selinux: false, booleans: new Map(), addresses: [], lineages: [] };
    const one = (rest: Partial<Surroundings>): Surroundings => ({
      ...{ ...none, ...more, shown: [], uses: [], reloads: [] },
      ...rest,
    });
    const surroundings = new Map([
      ['proxy-1', one({ shown: [shown('bbb.example.com', 443, 60), shown('bbb.example.com', 8443, 60)] })],
      ['bbb-01', one({ shown: [shown('bbb-01.example.com', 443, 5)], reboot: ['linux-image-generic'] })],
      ['bbb-02', one({ shown: [shown('bbb-02.example.com', 443, -2)] })],
    ]);
    const { lines } = await told('windows: anytime', quiet, { surroundings });
    const at = lines.indexOf('certificates');
    expect(lines.slice(at)).toEqual([
      'certificates',
      '  bbb-02.example.com on bbb-02: ended on 2026-11-25, browsers refuse it',
      '  bbb-01.example.com on bbb-01: ends on 2026-12-02, in 5 days; it should have been renewed by now',
      '  bbb.example.com on proxy-1: ends on 2027-01-26, in 60 days',
      'to be rebooted',
      '  bbb-01: for linux-image-generic',
    ]);
    // HAProxy renews with a twelfth of the lifetime left: seven days are not late for it, and five are.
    const renewals = new Map<string, RenewalsFound>([
      [
        'bbb-01',
        {
          ...{ kept: [], asked: [{ client: 'haproxy', names: ['bbb-01.example.com'] }], schedulerOff: false },
          ...{ runs: [], reloads: false, owners: new Map(), partly: [] },
          units: new Map([['haproxy.service', { load: 'loaded', active: true, failed: false }]]),
        },
      ],
    ]);
    const { all, today } = await told('windows: anytime', quiet, { surroundings, renewals });
    expect(all).toContain(
      "in 5 days; it should have been renewed by now; renewed by HAProxy's own ACME, was due about 2026-11-24",
    );
    expect(today.certificates.map(({ endsSoon }) => endsSoon)).toEqual([true, true, false]);
    const earlier = new Map([['bbb-01', one({ shown: [shown('bbb-01.example.com', 443, 7)] })]]);
    const inTime = await told('windows: anytime', quiet, { surroundings: earlier, renewals });
    expect(inTime.today.certificates).toMatchObject([{ endsSoon: false, due: '2026-11-26T22:12:00.000Z' }]);
    const unknown = await told('windows: anytime', quiet, { surroundings: earlier });
    expect(unknown.today.certificates).toMatchObject([{ endsSoon: true, renewer: undefined }]);
  });
});
