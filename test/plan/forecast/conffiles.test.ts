import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConffileAnswer } from '../../../src/model/forecast.ts';
import type { PathState, RegularFile } from '../../../src/model/snapshot.ts';
import { conffileAfter, md5 } from '../../../src/plan/forecast/conffiles.ts';
import { buildPackage, emptyDpkg, hasDpkg, installPackages } from '../../support/build-package.ts';

/** Every case of a conffile, by the texts of the versions and of what is there; undefined: nothing. */
const texts = ['one', 'two', 'mine'] as const;
type Text = (typeof texts)[number] | undefined;

interface Case {
  /** what the installed version brought, as a conffile or as any other file */
  readonly old: Text;
  readonly wasConffile: boolean;
  readonly now: Text;
  readonly brought: 'one' | 'two';
}

const cases: readonly Case[] = (['one', undefined] as const).flatMap((old) =>
  [true, false]
    .filter((wasConffile) => old !== undefined || !wasConffile)
    .flatMap((wasConffile) =>
      [...texts, undefined].flatMap((now) =>
        (['one', 'two'] as const).map((brought) => ({ old, wasConffile, now, brought })),
      ),
    ),
);

const file = (text: string): RegularFile => ({
  ...{ kind: 'file', mode: 0o644, user: 'root', group: 'root' },
  content: Buffer.from(`${text}\n`),
});

function after({ old, wasConffile, now, brought }: Case, answer: ConffileAnswer) {
  const known = wasConffile && old !== undefined ? md5(file(old).content) : undefined;
  const state: PathState = now === undefined ? { kind: 'absent' } : file(now);
  return conffileAfter({ now: state, known, brought: file(brought) }, answer);
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-conffiles-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(!hasDpkg)('as the real dpkg', () => {
  // All cases at once, each with a file of its own: dpkg takes its time to start.
  it.each(['keep', 'replace'] as const)('%s', (answer) => {
    const root = join(folder, answer);
    emptyDpkg(root);
    mkdirSync(join(root, 'etc'), { recursive: true });
    const nameOf = (index: number) => `/etc/case-${index}.conf`;
    const all = cases.map((one, index) => ({ ...one, path: nameOf(index) }));
    const build = (version: string, textOf: (one: Case) => Text, isConffile: (one: Case) => boolean) => {
      const there = all.flatMap((one) => {
        const text = textOf(one);
        return text === undefined ? [] : [{ ...one, text }];
      });
      return buildPackage(join(folder, 'packages'), {
        ...{ name: 'demo', version },
        files: Object.fromEntries(there.map((one) => [one.path, `${one.text}\n`])),
        conffiles: there.filter(isConffile).map((one) => one.path),
      });
    };
    installPackages(root, [
      build(
        '1',
        ({ old }) => old,
        ({ wasConffile }) => wasConffile,
      ),
    ]);
    for (const { now, path: name } of all) {
      if (now === undefined) rmSync(join(root, name), { force: true });
      else writeFileSync(join(root, name), `${now}\n`);
    }
    const next = build(
      '2',
      ({ brought }) => brought,
      () => true,
    );
    installPackages(root, [next], answer === 'keep' ? 'old' : 'new');
    const at = (name: string) =>
      lstatSync(join(root, name), { throwIfNoEntry: false }) === undefined
        ? 'absent'
        : readFileSync(join(root, name), 'utf8').trim();
    const found = all.map(({ path: name }) => [at(name), at(`${name}.dpkg-dist`), at(`${name}.dpkg-old`)]);
    const expected = all.map((one) => {
      const { state, beside } = after(one, answer);
      return [state, beside?.get('.dpkg-dist'), beside?.get('.dpkg-old')].map((there) =>
        there?.kind === 'file' ? there.content.toString().trim() : (there?.kind ?? 'absent'),
      );
    });
    const told = (states: readonly (readonly string[])[]) =>
      all.map((one, index) => ({ ...one, left: states[index] }));
    expect(told(expected)).toEqual(told(found));
  });
});

describe('what is told', () => {
  const decision = (one: Case) => after(one, 'keep').decision;
  const usual = { old: 'one', wasConffile: true } as const;

  it.each([
    ['nothing where it is as installed', { ...usual, now: 'one', brought: 'two' }, undefined],
    ['nothing where it is as the new version has it', { ...usual, now: 'two', brought: 'two' }, undefined],
    ['that it stays', { ...usual, now: 'mine', brought: 'one' }, 'kept'],
    ['that dpkg asks', { ...usual, now: 'mine', brought: 'two' }, 'asked'],
    ['that it stays away', { ...usual, now: undefined, brought: 'one' }, 'stays-removed'],
    ['that dpkg asks about one that was removed', { ...usual, now: undefined, brought: 'two' }, 'asked'],
    ['that dpkg asks about a new one', { ...usual, wasConffile: false, now: 'mine', brought: 'two' }, 'left'],
  ] as const)('%s', (_, one, expected) => {
    expect(decision(one)).toBe(expected);
  });

  it('owner and mode stay where the text is replaced, and a link is followed', () => {
    const own = { ...file('one'), mode: 0o600, user: 'ops' };
    const known = md5(own.content);
    const { state } = conffileAfter({ now: own, known, brought: file('two') }, 'keep');
    expect(state).toEqual({ ...own, content: file('two').content });
    const link: PathState = {
      kind: 'symlink',
      target: '/srv/demo.conf',
      resolved: { ...own, path: '/srv/demo.conf' },
    };
    expect(conffileAfter({ now: link, known, brought: file('two') }, 'keep').state).toEqual({
      ...link,
      resolved: { ...own, path: '/srv/demo.conf', content: file('two').content },
    });
  });

  it('a folder in its place stays', () => {
    const now: PathState = { kind: 'directory', mode: 0o755, user: 'root', group: 'root' };
    expect(conffileAfter({ now, known: undefined, brought: file('two') }, 'replace').state).toBe(now);
  });
});
