import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { ProgressEvent } from '../../src/model/progress.ts';
import { ReportFiles, type ReportTarget } from '../../src/record/report-files.ts';
import { screenshotsIn } from '../../src/record/screenshots.ts';
import type { View } from '../../src/report/view.ts';
import { runOver } from '../report/pictures.ts';

const folder = mkdtempSync(join(tmpdir(), 'clusterproxy-reports-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const silent: View = { show() {}, end() {}, progress() {}, message() {} };
const beginning = { version: '0.1.0', name: 'prod', inventory: 'prod.yaml', operator: 'ada', from: 'laptop' };
const { picture: _, ...document } = runOver(3);

function begun(...targets: readonly ReportTarget[]) {
  let now = 0;
  const printed: string[] = [];
  const reports = new ReportFiles({
    now: () => now,
    maskAll: (data) => data,
    print: (text) => printed.push(text),
  });
  reports.begin(targets, { ...beginning, roles: [], ways: [] });
  const view = reports.recording(silent);
  const at = (time: number, event: ProgressEvent) => {
    now = time;
    view.progress(event);
  };
  return { reports, view, at, printed };
}

it('tells when what was done', async () => {
  const file = join(folder, 'a.html');
  const { reports, at } = begun({ form: 'html', file });
  at(1000, { kind: 'host', host: 'bbb-001', phase: 'handler', detail: 'restarting web.service' });
  at(3500, { kind: 'host', host: 'bbb-001', phase: 'done' });
  expect(await reports.write(document)).toEqual([]);
  expect(readFileSync(file, 'utf8')).toContain('<title>handler: restarting web.service, 2.5 s</title>');
});

it('tells of each report that can not be written, and writes the others', async () => {
  const gone = join(folder, 'gone');
  mkdirSync(gone);
  const { reports, printed } = begun(
    { form: 'html', file: join(gone, 'a.html') },
    { form: 'markdown', file: undefined },
  );
  rmSync(gone, { recursive: true });
  const lost = await reports.write(document);
  expect(lost).toEqual([expect.stringContaining(`the report could not be written to ${gone}`)]);
  expect(printed).toEqual([expect.stringContaining('## ❌ Apply on prod')]);
});

it('writes those of a command that failed, and none twice', async () => {
  const { reports, view, printed } = begun({ form: 'markdown', file: undefined });
  view.end({ ...document, hosts: [], errors: [{ code: 'unexpected', message: 'something broke' }] });
  expect(await reports.close()).toEqual([]);
  expect(await reports.close()).toEqual([]);
  expect(printed).toEqual([expect.stringContaining('something broke')]);
});

it('takes pictures that a browser took, as far as there is room', async () => {
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(92)]);
  for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, `${name}.png`), png);
  writeFileSync(join(folder, 'd.png'), '<svg onload="alert(1)">');
  const files = ['a', 'b', 'c', 'd', 'none'].map((host) => ({ host, file: join(folder, `${host}.png`) }));
  const { screenshots = [] } = await screenshotsIn(files, { each: 100, all: 250 });
  expect(screenshots.map(({ image, why }) => image?.slice(0, 26) ?? why)).toEqual([
    'data:image/png;base64,iVBO',
    'data:image/png;base64,iVBO',
    'too large for this page',
    'not a PNG',
    'it could not be read',
  ]);
});
