import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type EvidenceKind, evidenceKinds, type Tried } from '../../src/model/tried.ts';
import {
  sampleInventory,
  sampleSnapshot,
  samplesOf,
  sampleVariables,
} from '../../src/playbook/check/samples.ts';
import { builtInPlaybooks } from '../../src/playbook/read/chain.ts';
import { loadPlaybook } from '../../src/playbook/read/load.ts';
import { viewCluster } from '../../src/playbook/resolve/contexts.ts';
import { untriedNotes } from '../../src/playbook/resolve/untried.ts';
import type { LoadedPlaybook } from '../../src/steps/loaded-playbook.ts';

const root = join(import.meta.dirname, '../..');
const columns = ['read in source', 'stand-in', 'real packages', 'real server'];

let playbooks: readonly LoadedPlaybook[];
beforeAll(async () => {
  playbooks = await Promise.all((await builtInPlaybooks()).map((name) => loadPlaybook(name, root)));
});

const triedOf = (playbook: LoadedPlaybook): Tried => {
  if (playbook.tried === undefined) throw new Error(`${playbook.name} does not say how far it was tried`);
  return playbook.tried;
};

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** Claim by claim, and in each claim release by release; releases with the same cells share a row. */
function tableOf({ releases, claims }: Tried): readonly string[] {
  const rows = claims.flatMap(({ claim, evidence }) => {
    const byCells = new Map<string, string[]>();
    for (const release of releases.keys()) {
      const cells = evidenceKinds.map((kind) =>
        evidence[kind]?.releases.includes(release) ? evidence[kind].on : 'not tried',
      );
      const key = row(cells).slice(2, -2);
      byCells.set(key, [...(byCells.get(key) ?? []), release]);
    }
    return [...byCells].map(([cells, on]) => row([claim, on.join(', '), cells]));
  });
  return [row(['claim', 'release', ...columns]), row(['---', '---', ...columns.map(() => '---')]), ...rows];
}

/** The latest day on which anything was tried with a release. */
function latest({ claims }: Tried, release: string, kind: EvidenceKind): string {
  const days = claims.flatMap(({ evidence }) => {
    const one = evidence[kind];
    return one?.releases.includes(release) ? [one.on] : [];
  });
  return days.sort().at(-1) ?? 'not tried';
}

function summary(): readonly string[] {
  return [
    row(['playbook', 'release', ...columns]),
    row(['---', '---', ...columns.map(() => '---')]),
    ...playbooks.flatMap((playbook) => {
      const tried = triedOf(playbook);
      return [...tried.releases.keys()].map((release) =>
        row([playbook.name, release, ...evidenceKinds.map((kind) => latest(tried, release, kind))]),
      );
    }),
  ];
}

/** Compares what stands between two comments, or writes it with CLUSTERPROXY_RECORD=1. */
function expectBetween(
  page: string,
  [begin, end]: readonly [string, string],
  lines: readonly string[],
): void {
  const file = join(root, page);
  const text = readFileSync(file, 'utf8');
  const from = text.indexOf('\n', text.indexOf(begin)) + 1;
  const to = text.indexOf(end);
  const wanted = `\n${lines.join('\n')}\n\n`;
  if (process.env.CLUSTERPROXY_RECORD === '1') {
    writeFileSync(file, text.slice(0, from) + wanted + text.slice(to));
    return;
  }
  expect(text.slice(from, to)).toBe(wanted);
}

it('docs/tried.md has what the playbooks say of themselves', () => {
  const lines = playbooks.flatMap((playbook) => [
    `## ${playbook.name}`,
    '',
    ...tableOf(triedOf(playbook)),
    '',
  ]);
  expectBetween('docs/tried.md', ['<!-- tables:', '<!-- end of tables'], lines.slice(0, -1));
});

it("the README's table says the same", () => {
  expectBetween('README.md', ['<!-- tried:', '<!-- end of tried'], summary());
});

it('every day is one, and none is in another form', () => {
  for (const playbook of playbooks) {
    for (const { evidence } of triedOf(playbook).claims) {
      for (const kind of evidenceKinds) {
        if (evidence[kind] !== undefined) expect(evidence[kind].on).toMatch(/^20\d\d-\d\d-\d\d$/);
      }
    }
  }
});

describe('a plan tells of a release that was not tried on a real server', () => {
  const notesOf = async (playbook: LoadedPlaybook) => {
    const samples = await samplesOf(playbook);
    const inventory = sampleInventory(playbook, await sampleVariables(playbook), samples);
    const snapshots = inventory.hosts.flatMap((host, index) => {
      const sample = samples[index];
      return sample === undefined ? [] : [[host.name, sampleSnapshot(inventory, host, sample)] as const];
    });
    const view = viewCluster(inventory, new Map(snapshots));
    return untriedNotes(view, new Set(inventory.hosts.map(({ name }) => name)));
  };
  const named = (name: string) => {
    const playbook = playbooks.find((one) => one.name === name);
    if (playbook === undefined) throw new Error(`no playbook ${name}`);
    return playbook;
  };

  it('by its name and the hosts that have it, once for all of them', async () => {
    const notes = await notesOf(named('bigbluebutton'));
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(
      /^BigBlueButton 2\.4 \(\S+\), .* and 4\.1 \(\S+\) were tried with a stand-in only, /,
    );
    expect(notes[0]).toContain(', 3.0 from 3.0.28 (');
  });

  it('and not of one that was', async () => {
    const playbook = named('bigbluebutton');
    const tried = triedOf(playbook);
    const server = { on: '2026-12-01', releases: [...tried.releases.keys()] };
    const claims = tried.claims.map(({ claim, evidence }) => ({ claim, evidence: { ...evidence, server } }));
    expect(await notesOf({ ...playbook, tried: { ...tried, claims } })).toEqual([]);
  });
});
