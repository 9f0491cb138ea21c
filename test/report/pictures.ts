import type { ReportDocument, ReportPicture } from '../../src/report/document/schema.ts';
import { documentOf } from './documents.ts';
import { fileChange, hostPlan, hostResult, nodePlan, reloadNginx, runResult } from './plans.ts';

/** Documents with what reports as HTML and Markdown have besides, for tests of these. */

export function pictureOf(nodes: readonly string[], more: Partial<ReportPicture> = {}): ReportPicture {
  const tcp = 'tcp' as const;
  return {
    ...{ version: '0.1.0', name: 'prod', hostname: 'bbb-proxy.example.com', playbook: 'bigbluebutton' },
    ...{ inventory: 'prod.yaml', operator: 'ada', from: 'laptop' },
    ...{ at: '2026-11-27T10:00:00.000Z', endedAt: '2026-11-27T10:01:30.000Z' },
    roles: [
      { role: 'proxy', hosts: [{ name: 'proxy-1' }] },
      { role: 'node', hosts: nodes.map((name) => ({ name })) },
    ],
    ways: [
      { from: 'everyone', to: 'proxy', ports: [{ port: '443', protocol: tcp, purpose: 'pages' }] },
      {
        ...{ from: 'everyone', to: 'node' },
        ports: [{ port: '16384-32768', protocol: 'udp', purpose: 'sound and pictures' }],
      },
      { from: 'proxy', to: 'node', ports: [{ port: '443', protocol: tcp, purpose: 'joining' }] },
      { from: 'operators', to: 'node', ports: [{ port: '22', protocol: tcp, purpose: 'ssh' }] },
    ],
    timeline: nodes.map((host, index) => ({
      host,
      phases: [
        { phase: 'looking', at: 0, ms: 300 },
        { phase: 'uploading', at: 1000 + index * 2000, ms: 500 },
        { phase: 'handler', detail: 'restarting web (1 of 1)', at: 1500 + index * 2000, ms: 1490 },
      ],
    })),
    ...more,
  };
}

export function nodeNames(number: number): readonly string[] {
  return Array.from({ length: number }, (_, index) => `bbb-${String(index + 1).padStart(3, '0')}`);
}

/** A run over a proxy and so many nodes: the third fails, those from `stopped` on aren't begun. */
export function runOver(number: number, stopped = number): ReportDocument {
  const names = nodeNames(number);
  const changes = [fileChange('/etc/nginx/x.conf', 'a\nb\n', 'a\nc\n')];
  const proxy = { ...hostPlan('proxy-1', { changes, handlers: [reloadNginx] }), role: 'proxy' };
  const problem = { code: 'not-ready', message: 'nothing listens on port 8090', next: 'look at its journal' };
  const results = names.map((name, index) =>
    index === 2
      ? hostResult(nodePlan(name), 'failed', { problem })
      : hostResult(nodePlan(name), index >= stopped ? 'not-started' : 'changed', { durationMs: 1500 }),
  );
  const document = documentOf(runResult([hostResult(proxy, 'changed', { durationMs: 900 }), ...results]));
  return { ...document, picture: pictureOf(names) };
}
