import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OperatorErrors } from '../../src/model/operator-error.ts';
import { loadInventory } from '../../src/playbook/resolve/load-inventory.ts';

const base = `playbook: bigbluebutton
cluster: {name: prod, hostname: bbb.example.com}
hosts:
  proxy: [{name: proxy-1}]
  node: [{name: node-1, hostname: n1.example.com}]
`;
const zoned = base.replace('bbb.example.com}', 'bbb.example.com, time_zone: Europe/Berlin}');

/** Loads it, with further files beside it. */
async function load(text: string, files: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'windows-'));
  for (const [name, content] of Object.entries({ ...files, 'prod.yaml': text }))
    writeFileSync(join(folder, name), content);
  return loadInventory(join(folder, 'prod.yaml'));
}

async function mistakes(text: string, files: Readonly<Record<string, string>> = {}) {
  const error = await load(text, files).then(
    () => expect.fail('it has no mistakes'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OperatorErrors)) throw error;
  return error.problems.map(({ code, message, next, location }) => ({
    code,
    at: `${location?.file.split('/').at(-1)}:${location?.line}:${location?.column}`,
    message,
    next,
  }));
}

describe('windows', () => {
  it('are none, anytime or a list', async () => {
    expect((await load(base)).windows).toBeUndefined();
    expect((await load(base)).timeZone).toBeUndefined();
    expect((await load(`${zoned}windows: anytime\n`)).windows).toBe('anytime');
    const loaded = await load(`${zoned}windows:
  - {days: [mon, tue], from: 22:00, to: 05:00, except: [2026-12-24..2027-01-06, 2026-05-01]}
  - {from: '1:00', to: '24:00'}
`);
    expect(loaded.timeZone).toBe('Europe/Berlin');
    expect(loaded.windows).toEqual([
      {
        days: ['mon', 'tue'],
        from: 1320,
        to: 300,
        except: [
          { first: '2026-12-24', last: '2027-01-06' },
          { first: '2026-05-01', last: '2026-05-01' },
        ],
        files: [],
      },
      { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: 60, to: 1440, except: [], files: [] },
    ]);
    // What templates see of the cluster stays as it is.
    expect(loaded.cluster).toEqual({ name: 'prod', hostname: 'bbb.example.com' });
  });

  it('take days from a calendar file beside the inventory', async () => {
    const text = `BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261224
END:VEVENT
END:VCALENDAR
`;
    const windows = `${zoned}windows:\n  - {from: 22:00, to: 05:00, except: [{ics: holidays.ics}]}\n`;
    const loaded = await load(windows, { 'holidays.ics': text });
    expect(loaded.windows).toMatchObject([{ files: [{ text }] }]);
    expect(await mistakes(windows)).toMatchObject([{ code: 'file-missing', at: 'prod.yaml:7:45' }]);
    const broken = text.replace('20261224', '20261324');
    expect(await mistakes(windows, { 'holidays.ics': broken })).toMatchObject([
      {
        code: 'calendar-invalid',
        at: 'holidays.ics:3:1',
        message: expect.stringMatching(/no such day as 20261324/),
      },
    ]);
  });

  it('are refused with their place where they can not be', async () => {
    const one = (window: string) => mistakes(`${zoned}windows:\n  - ${window}\n`);
    expect(await one("{from: '25:00', to: 05:00}")).toMatchObject([
      { code: 'invalid-window', at: 'prod.yaml:7:12', message: "'25:00' is not a time of day" },
    ]);
    expect(await one('{from: 22:00, to: 05:00, days: [monday]}')).toMatchObject([
      { code: 'wrong-value', at: 'prod.yaml:7:37', message: expect.stringMatching(/one of mon, tue/) },
    ]);
    expect(await one('{from: 22:00, to: 05:00, except: [2026-02-30]}')).toMatchObject([
      { code: 'invalid-window', at: 'prod.yaml:7:39', message: expect.stringMatching(/2026-02-30/) },
    ]);
    expect(await one('{from: 22:00}')).toMatchObject([{ code: 'missing-key', at: 'prod.yaml:7:5' }]);
    expect(await mistakes(`${zoned}windows: always\n`)).toMatchObject([{ at: 'prod.yaml:6:10' }]);
  });

  it('name the time zone that may be meant', async () => {
    expect(await mistakes(zoned.replace('Berlin', 'Berlim'))).toMatchObject([
      { code: 'unknown-time-zone', at: 'prod.yaml:2:61', next: 'did you mean Europe/Berlin?' },
    ]);
    expect(await mistakes(zoned.replace('Europe/Berlin', '+01:00'))).toMatchObject([
      { code: 'unknown-time-zone', next: expect.stringMatching(/timedatectl/) },
    ]);
  });
});
