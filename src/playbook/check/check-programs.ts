import { spawn } from 'node:child_process';
import { relative } from 'node:path';
import { clean } from '../../document/clean-text.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { Playbook } from '../../model/playbook.ts';

/**
 * What this machine's shell says of the programs of a playbook's guards, symptoms and checks, which it reads
 * without carrying them out (`sh -n`). Nothing where it has no shell.
 */
export async function programProblems(playbook: Playbook): Promise<readonly Problem[]> {
  const named = playbook.roles.flatMap((role) => [
    ...role.guards.map(({ id, program }) => ({ role: role.name, what: `guard ${id}`, program })),
    ...role.guards.map(({ id, drain }) => ({
      ...{ role: role.name, what: `drain of the guard ${id}`, program: drain?.program },
    })),
    { role: role.name, what: 'hand-over', program: role.handOver?.program },
    ...role.verify.map(({ id, question }) => ({
      ...{ role: role.name, what: `check ${id}` },
      program: question.kind === 'meeting' ? question.program : undefined,
    })),
  ]);
  const found = await Promise.all(
    named.map(async ({ role, what, program }): Promise<readonly Problem[]> => {
      const complaint = program === undefined ? undefined : await complaintOf(program.text);
      if (program === undefined || complaint === undefined) return [];
      return [
        {
          code: 'invalid-program',
          message: `the program of the ${what} (role ${role}) is not a program that sh understands`,
          next: `correct it; this looks at it as well: sh -n ${relative(process.cwd(), program.file)}`,
          detail: complaint,
        },
      ];
    }),
  );
  return [...found.flat(), ...(await symptomProblems(playbook))];
}

/** One program tells many symptoms: what is wrong with it is told once. */
async function symptomProblems({ roles }: Playbook): Promise<readonly Problem[]> {
  const first = new Map<string, { readonly role: string; readonly symptom: string }>();
  for (const { name: role, symptoms } of roles) {
    for (const [symptom, { program }] of Object.entries(symptoms)) {
      if (typeof program === 'string' && !first.has(program)) first.set(program, { role, symptom });
    }
  }
  const found = await Promise.all(
    [...first].map(async ([program, { role, symptom }]): Promise<readonly Problem[]> => {
      const complaint = await complaintOf(program);
      if (complaint === undefined) return [];
      return [
        {
          code: 'invalid-program',
          message: `the program of the symptom ${symptom} (role ${role}) is not a program that sh understands`,
          next: 'correct it; sh -n looks at it as well',
          detail: complaint,
        },
      ];
    }),
  );
  return found.flat();
}

/** Reading it takes no time, unless the machine's shell is something else. Milliseconds. */
const timeLimit = 10_000;

function complaintOf(text: string): Promise<string | undefined> {
  return new Promise((done) => {
    const shell = spawn('sh', ['-n'], { stdio: ['pipe', 'ignore', 'pipe'], timeout: timeLimit });
    let words = '';
    shell.stderr.setEncoding('utf8').on('data', (part: string) => {
      words += part;
    });
    shell.on('error', () => done(undefined));
    shell.on('close', (code) => {
      done(code === null || code === 0 ? undefined : clean(words).trim() || `exit status ${code}`);
    });
    // A shell that has seen enough reads no further.
    shell.stdin.on('error', () => undefined);
    shell.stdin.end(text);
  });
}
