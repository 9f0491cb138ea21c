import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { drawCluster } from '../../../src/report/html/drawing.ts';
import { rolesOf } from '../../../src/report/html/hosts.ts';
import { renderHtml } from '../../../src/report/html/render.ts';
import { renderTimeline } from '../../../src/report/html/timeline.ts';
import { hostPlan } from '../../support/host-plan.ts';
import { documentOf, documentOfErrors, documentOfPlan } from '../documents.ts';
import { nodeNames, pictureOf, runOver } from '../pictures.ts';
import { clusterPlan, fileChange, hostResult, nodePlan, runResult } from '../plans.ts';

/** Without entities, and with what only a screen reader is told. */
function wordsOf(page: string): string {
  const body = page.slice(page.indexOf('<body>')).replace(/<[^>]*>/g, ' ');
  return body.replaceAll('&lt;', '<').replaceAll('&#39;', "'").replace(/\s+/g, ' ');
}

describe('the page', () => {
  it('says first what it comes to', () => {
    const page = renderHtml(runOver(12, 8));
    expect(page).toContain('<title>Apply on prod</title>');
    const words = wordsOf(page);
    expect(words).toContain('8 of 13 hosts were changed; 1 failed and 4 not started.');
    expect(words.indexOf('8 of 13')).toBeLessThan(words.indexOf('The cluster'));
    expect(words).toContain('not-ready nothing listens on port 8090 What to do look at its journal');
  });

  it.each<readonly [string, string, string]>([
    ['plan', 'All 2 hosts would change: 2 files, 2 restarts.', 'plan'],
    ['check', 'All 2 hosts differ: 2 files, 2 restarts.', 'check'],
  ])('tells of a %s what differs', (_, sentence, command) => {
    const document = { ...documentOfPlan(clusterPlan([nodePlan('a'), nodePlan('b')])), command };
    expect(wordsOf(renderHtml(document))).toContain(sentence);
  });

  it('tells that nothing is to be done, and what failed before there was a result', () => {
    const idle = documentOfPlan(
      clusterPlan(['a', 'b'].map((name) => hostPlan(name, 'node', { changes: [] }))),
    );
    expect(wordsOf(renderHtml(idle))).toContain('All 2 hosts are as they should be.');
    const error = { code: 'file-missing', message: 'prod.yaml does not exist' };
    const failed = wordsOf(renderHtml(documentOfErrors('plan', 1, [error])));
    expect(failed).toContain('Nothing was changed: prod.yaml does not exist.');
  });

  it('loads nothing and runs nothing: one style, whose hash its policy names', () => {
    const page = renderHtml(runOver(3));
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = `default-src 'none'; style-src 'sha256-${hash}'; img-src data:;`;
    expect(page).toContain(policy.replaceAll("'", '&#39;'));
    expect(page).not.toMatch(
      /<(?:script|iframe|object|embed|base|form|link rel="stylesheet)|\sstyle="|\son\w+="/,
    );
    const addresses = [...page.matchAll(/\s(?:src|href)="([^"]*)"/g)].map(([, address]) => address ?? '');
    expect(addresses.filter((address) => !/^(?:#[\w-]+|data:[^"]*)$/.test(address))).toEqual([]);
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const address of addresses.filter((one) => one.startsWith('#')))
      expect(ids).toContain(address.slice(1));
  });

  it('shows whatever a host says as text', () => {
    const evil = `</style></title><script>alert(1)</script><img src=x onerror=alert(2)>" onload="x' \x1b[2J\u202egnp`;
    const change = fileChange('/etc/a', `${evil}\n`, `b ${evil}\n`, [evil]);
    const problem = { code: 'x', message: evil, next: evil, detail: evil, host: evil, step: evil };
    const plan = hostPlan('a', 'node', {
      changes: [change],
      warnings: [evil],
      recipe: { name: evil, reason: evil },
    });
    const made = documentOf(runResult([hostResult(plan, 'failed', { problem, warnings: [evil] })]));
    const picture = pictureOf([evil], { name: evil, hostname: evil, operator: evil });
    const timeline = [{ host: evil, phases: [{ phase: evil, detail: evil, at: 0, ms: 1 }] }];
    const page = renderHtml({ ...made, picture: { ...picture, timeline } });
    expect(page).not.toMatch(/<script|<img|onload="|onerror=alert\(2\)>/);
    expect(page).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
    expect(wordsOf(page)).toContain('<script');
    expect(page).toContain('^[[2J&lt;U+202E&gt;gnp');
  });

  it('says of each host what a run would do with it, rather than that it would change', () => {
    const rollout = [
      {
        ...{ role: 'node', hosts: [], atOnce: 0, maxUnavailable: 1, down: [] },
        ...{ held: ['bbb-01'], heldUpBy: 'proxy-1' },
      },
    ];
    const page = renderHtml(documentOfPlan(clusterPlan([nodePlan('bbb-01')]), { rollout }));
    expect(page).toContain('held up by proxy-1');
    expect(page).not.toMatch(/would change/);
  });

  it('tells what a schedule has found, and since when', () => {
    const at = '2026-11-26T10:00:00Z';
    const looked = { at, endedAt: at, policy: 'report', did: 'report', run: null, exitStatus: 2 } as const;
    const schedule = {
      ...{ installed: true, when: 'every 1h' },
      runs: [{ ...looked, statuses: { 'would-change': 1 }, missed: [], putOff: [], errors: [] }],
      differences: [{ host: 'bbb-001', what: '/etc/a', since: at }],
    };
    const document = { ...documentOf(runResult([])), command: 'schedule status', schedule };
    const words = wordsOf(renderHtml({ ...document, picture: pictureOf(nodeNames(2)) }));
    expect(words).toContain('It runs every 1h. 1 difference when it last looked.');
    expect(words).toContain('bbb-001 /etc/a 2026-11-26 10:00 UTC');
    expect(words).toContain('bbb-001 1 difference');
    expect(words).toContain('bbb-002 nothing differs');
  });

  it('has hosts with the same plan once', () => {
    const page = renderHtml(runOver(40));
    expect(wordsOf(page)).toContain('The same except for its own name: 38 more hosts');
    expect(page.match(/class="unified"/g)).toHaveLength(3);
  });
});

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

describe('the picture', () => {
  const drawn = (number: number, stopped: number, width: number) => {
    const document = runOver(number, stopped);
    const drawing = {
      roles: rolesOf(document),
      ways: document.picture?.ways ?? [],
      hostname: 'x.example.com',
    };
    return String(drawCluster(drawing, { width, id: 'p' }));
  };
  const boxes = (svg: string): readonly Rect[] =>
    [...svg.matchAll(/class="box" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)].map(
      ([, ...numbers]) => {
        const [x = 0, y = 0, width = 0, height = 0] = numbers.map(Number);
        return { x, y, width, height };
      },
    );

  it.each([
    [3, 920],
    [3, 326],
    [12, 920],
    [100, 326],
    [500, 920],
    [500, 326],
  ])('of %i nodes has all of them within %i pixels, and none on another', (number, width) => {
    const svg = drawn(number, Math.ceil(number * 0.8), width);
    const all = boxes(svg);
    const dots = svg.match(/class="(?:dot|ring)"/g)?.length ?? 0;
    const single = all.filter(({ height }) => height === 48).length;
    expect(single + dots).toBe(number + 1);
    for (const [index, one] of all.entries()) {
      expect(one.x >= 0 && one.x + one.width <= width).toBe(true);
      for (const other of all.slice(index + 1)) {
        const apart = one.x + one.width <= other.x || other.x + other.width <= one.x;
        expect(apart || one.y + one.height <= other.y || other.y + other.height <= one.y).toBe(true);
      }
    }
    const [, height] = /viewBox="0 0 \d+ ([\d.]+)"/.exec(svg) ?? [];
    expect(Math.max(...all.map((box) => box.y + box.height))).toBeLessThan(Number(height));
    expect(svg).toContain('bbb-003</text>');
  });

  it('tells who does not see it the same', () => {
    const [, words] = /<desc[^>]*>([^<]*)</.exec(drawn(100, 90, 920)) ?? [];
    expect(words).toContain('node: bbb-003 failed, 10 hosts not started and 89 hosts changed.');
    expect(words).toContain('Browsers to proxy, 443.');
    expect(words).toContain('proxy to node, 443.');
  });

  it('has no arrows where nobody knows who talks to whom', () => {
    const { picture: _, ...document } = runOver(3);
    const page = renderHtml(document);
    expect(page).toContain('class="cluster wide"');
    expect(page).not.toContain('class="way"');
  });
});

describe('the timeline', () => {
  it('tells after whom each host began', () => {
    const picture = pictureOf(nodeNames(3));
    const table = String(renderTimeline(picture));
    const began = [...table.matchAll(/<th scope="row">([^<]*)<.*?<td class="began">([^<]*)</g)];
    expect(began.map(([, host, cause]) => [host, cause])).toEqual([
      ['bbb-001', ''],
      ['bbb-002', 'bbb-001'],
      ['bbb-003', 'bbb-002'],
    ]);
  });

  it('is left out where hosts were only looked at', () => {
    const timeline = [{ host: 'a', phases: [{ phase: 'looking', at: 0, ms: 20 }] }];
    expect(renderTimeline(pictureOf(['a'], { timeline }))).toBeUndefined();
  });
});
