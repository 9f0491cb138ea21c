import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { reasonOf } from '../../document/reason.ts';
import type { Places } from '../../document/yaml-document.ts';
import { OperatorError, OperatorErrors, type Problem, problemsOf } from '../../model/operator-error.ts';
import type { OwnProgram } from '../../model/playbook-parts.ts';
import { besidePlaybook } from './beside.ts';
import type { PlaybookData } from './schema.ts';

/** Every look at a host takes it there. Bytes. */
const maximumSize = 64 * 1024;

/** Whose program it is: two files of one playbook may lie in different folders. */
export function programKey(
  role: string,
  kind: 'guard' | 'drain' | 'hand-over' | 'check' | 'symptom',
  id: string,
): string {
  return `${role} ${kind} ${id}`;
}

/**
 * The programs that guards, checks and symptoms name, by `programKey`; they lie beside the file that names
 * them, or below. Throws OperatorErrors `invalid-program`, each shown where the program is named.
 */
export async function readPrograms(
  document: Places,
  data: PlaybookData,
): Promise<ReadonlyMap<string, OwnProgram>> {
  const programs = new Map<string, OwnProgram>();
  const problems: Problem[] = [];
  for (const [role, { guards = {}, hand_over: handOver, verify = [], symptoms = {} }] of Object.entries(
    data.roles,
  )) {
    const named = [
      ...Object.entries(guards).map(([id, { program }]) => ({
        ...{ key: programKey(role, 'guard', id), program },
        path: ['roles', role, 'guards', id, 'program'],
      })),
      ...Object.entries(guards).map(([id, { drain }]) => ({
        ...{ key: programKey(role, 'drain', id), program: drain?.program },
        path: ['roles', role, 'guards', id, 'drain', 'program'],
      })),
      {
        ...{ key: programKey(role, 'hand-over', ''), program: handOver?.program },
        path: ['roles', role, 'hand_over', 'program'],
      },
      ...verify.map(({ id, meeting }, index) => ({
        ...{ key: programKey(role, 'check', id), program: meeting?.program },
        path: ['roles', role, 'verify', index, 'meeting', 'program'],
      })),
      ...Object.entries(symptoms).map(([id, symptom]) => ({
        ...{ key: programKey(role, 'symptom', id), program: programOf(symptom) },
        path: ['roles', role, 'symptoms', id, 'program'],
      })),
    ];
    for (const { key, program, path } of named) {
      if (program === undefined) continue;
      const location = document.location(path);
      const isTold = problems.some(({ location: told }) => isDeepStrictEqual(told, location));
      if (isTold) continue;
      try {
        programs.set(key, await readProgram(location.file, program));
      } catch (error) {
        problems.push(...problemsOf(error).map((problem) => ({ ...problem, location })));
      }
    }
  }
  if (problems.length > 0) throw new OperatorErrors(problems);
  return programs;
}

/** Few symptoms are asked of a program. */
function programOf({ program }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof program === 'string' ? program : undefined;
}

async function readProgram(playbook: string, name: string): Promise<OwnProgram> {
  const invalid = (message: string, next: string) =>
    new OperatorError({ code: 'invalid-program', message: `the program ${name} ${message}`, next });
  const file = await besidePlaybook(playbook, name);
  if (file === undefined) {
    throw invalid("lies outside the playbook's directory", 'put it beside the playbook');
  }
  const unreadable = (error: Error) =>
    invalid(
      `can't be read: ${reasonOf(error)}`,
      'check its path, which is relative to the playbook; a playbook that was copied needs its files beside it',
    );
  const found = await stat(file).catch((error: Error) => Promise.reject(unreadable(error)));
  if (!found.isFile()) throw invalid('is no regular file', 'name a file with a program in sh');
  if (found.size > maximumSize) {
    throw invalid(
      `has ${found.size} bytes; expected at most ${maximumSize}`,
      'check that it is the right file: every look at a host takes it there',
    );
  }
  const content = await readFile(file).catch((error: Error) => Promise.reject(unreadable(error)));
  if (content.includes(0) || !isUtf8(content))
    throw invalid('is no text', 'name a file with a program in sh');
  const text = content.toString('utf8');
  // To sh it's part of a line's last word: a comparison of numbers fails, and finds that nobody is there.
  if (text.includes('\r') || text.startsWith('\ufeff')) {
    throw invalid(
      'has line ends (CR LF) or a byte-order mark that sh does not understand',
      'save it with LF at the end of each line, and without a byte-order mark',
    );
  }
  if (text.trim() === '') throw invalid('is empty', 'write it, or name another file');
  return { file, text };
}
