import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportDocument } from '../../../src/report/document/schema.ts';
import { renderHtml } from '../../../src/report/html/render.ts';
import { chromiumHere } from '../../verify/browser/chromium.ts';
import { documentOf } from '../documents.ts';
import { nodeNames, pictureOf, runOver } from '../pictures.ts';
import { fileChange, hostPlan, hostResult, runResult } from '../plans.ts';

const program = chromiumHere();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const [desktop, phone] = [
  { width: 1280, height: 900 },
  { width: 390, height: 844 },
];

const evil = `<script>document.title = 'run'</script><img src=http://a.example/x onerror="document.title='run'">`;
const terminal = '\x1b[2J\x1b]0;title\x07\u202egnp.exe';
/** By how much the page is wider than its window. */
const wider = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

/** The smallest picture there is: one transparent pixel. */
const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** All that a page can have. */
function full(): ReportDocument {
  const document = runOver(3);
  const plan = hostPlan('bbb-002', {
    changes: [fileChange('/etc/a', `a ${evil}\nb\n`, `a ${terminal}\nc ${'long'.repeat(80)}\n`)],
    warnings: [evil],
  });
  const problem = { code: 'x', message: evil, next: evil, detail: `${evil}\n${terminal}`, host: 'bbb-002' };
  const [ill] = documentOf(runResult([hostResult(plan, 'failed', { problem })])).hosts;
  const about = { host: 'bbb-001', role: 'node', title: 'the page' };
  const found = { expected: 'a page', found: evil, fix: 'look at it' };
  const ran = { command: 'apply', operator: 'ada', from: 'laptop', version: '0.1.0' };
  const onHost = { name: 'bbb-001', role: 'node', changes: [], handlers: ['restart-web'], warnings: [] };
  return {
    ...document,
    hosts: [...document.hosts, ...(ill === undefined ? [] : [ill])],
    warnings: [evil],
    byHand: [{ title: 'on the proxy', text: evil }],
    checks: [
      { ...about, id: 'a', outcome: 'failed', ...found },
      { ...about, id: 'b', outcome: 'passed' },
    ],
    runs: [1, 2].map((day) => ({
      ...{ ...ran, run: `run-${day}`, startedAt: `2026-11-2${day}T07:45:01Z` },
      hosts: [{ ...onHost, state: day === 1 ? 'committed' : 'reverted' }],
    })),
    picture: pictureOf(nodeNames(3), { screenshots: [{ host: 'bbb-001', file: 'a.png', image: pixel }] }),
  };
}

describe.skipIf(program === undefined)('in a browser, the page', () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'clusterproxy-page-'));
    const chromiumSandbox = process.getuid?.() !== 0;
    browser = await chromium.launch({ executablePath: program ?? '', chromiumSandbox });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const opened = async (
    document: ReportDocument,
    viewport: typeof desktop,
    colorScheme: 'light' | 'dark',
  ) => {
    const file = join(folder, 'page.html');
    writeFileSync(file, renderHtml(document));
    const context = await browser.newContext({ viewport, colorScheme });
    const page = await context.newPage();
    const told: string[] = [];
    page.on('console', (message) => told.push(message.text()));
    page.on('pageerror', (error) => told.push(error.message));
    page.on('request', (request) => told.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    const asked = told.filter((one) => one !== pathToFileURL(file).href && !one.startsWith('data:'));
    return { page, asked, close: () => context.close() };
  };

  it.each([
    ['a desktop, in light', desktop, 'light'],
    ['a desktop, in dark', desktop, 'dark'],
    ['a phone, in light', phone, 'light'],
    ['a phone, in dark', phone, 'dark'],
  ] as const)('asks for nothing and is sound on %s', async (_, viewport, scheme) => {
    const { page, asked, close } = await opened(full(), viewport, scheme);
    expect(asked).toEqual([]);
    expect(await page.title()).toBe('Apply on prod');
    expect(await page.evaluate(wider)).toBe(0);
    await page.evaluate(axe);
    const violations = await page.evaluate(
      'axe.run().then(({violations}) => violations.map(({id, nodes}) => id + ": " + nodes[0].html))',
    );
    expect(violations).toEqual([]);
    await close();
  });

  it('shows what a host says as text, below each other or side by side', async () => {
    const { page, close } = await opened(full(), desktop, 'light');
    expect(await page.locator('script').count()).toBe(0);
    const text = await page.locator('main').textContent();
    expect(text).toContain(evil);
    expect(text).toContain('^[[2J^[]0;title^G<U+202E>gnp.exe');
    const [unified, beside] = [page.locator('.unified').first(), page.locator('.beside').first()];
    expect([await unified.isVisible(), await beside.isVisible()]).toEqual([true, false]);
    await page.locator('#as-beside').check();
    expect([await unified.isVisible(), await beside.isVisible()]).toEqual([false, true]);
    await page.setViewportSize(phone);
    expect([await unified.isVisible(), await beside.isVisible()]).toEqual([true, false]);
    await close();
  });

  it('leads from a host to what changes on it, by keyboard alone', async () => {
    const { page, close } = await opened(runOver(30), desktop, 'light');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the report');
    await page.locator('a[href="#plan-2"]').first().focus();
    await page.keyboard.press('Enter');
    expect(await page.evaluate('location.hash')).toBe('#plan-2');
    await close();
  });

  it('has room for 500 hosts, also on a phone', async () => {
    const { page, asked, close } = await opened(runOver(500, 450), phone, 'light');
    expect(asked).toEqual([]);
    expect(await page.locator('.cluster.narrow').isVisible()).toBe(true);
    expect(await page.evaluate(wider)).toBe(0);
    await close();
  });
});
