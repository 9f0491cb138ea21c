import type { SecretUse } from '../inventory/secret-use.ts';
import type { Problem } from '../model/operator-error.ts';

/** A file or folder on the way from / to something that a schedule runs or reads, as stat(2) tells of it. */
export interface OnTheWay {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Folders that are emptied, or that are gone after a restart. */
const temporary = ['/tmp', '/var/tmp', '/dev/shm', '/run'];

/**
 * Why a file can't be what a schedule runs, or reads: it won't stay, or somebody else could replace it and so
 * run programs as the schedule's account, or on the hosts. Pure. `uid`: the account's.
 */
export function placeProblem(
  what: string,
  way: readonly OnTheWay[],
  { uid, temporaryFolder }: { readonly uid: number; readonly temporaryFolder: string },
): Problem | undefined {
  const file = way.at(-1)?.path ?? '';
  const within = (folder: string) => file === folder || file.startsWith(`${folder}/`);
  if ([...temporary, temporaryFolder].some(within) || file.includes('/_npx/')) {
    return {
      code: 'schedule-place',
      message: `${what} is ${file}, in a folder for temporary files`,
      next: `put it where it stays${what === 'the program' ? ', for example by `npm install --global`' : ''}, and run the command again`,
    };
  }
  const [exposed] = way.filter(({ uid: owner, mode, gid }) => {
    if (owner !== 0 && owner !== uid) return true;
    // A group of the same number as its user has nobody else in it (USERGROUPS of adduser.conf(5)).
    const byGroup = (mode & 0o020) !== 0 && gid !== 0 && gid !== uid;
    return byGroup || (mode & 0o002) !== 0;
  });
  if (exposed === undefined) return undefined;
  const why =
    exposed.uid !== 0 && exposed.uid !== uid
      ? `belongs to another account (uid ${exposed.uid})`
      : `can be changed by ${(exposed.mode & 0o002) === 0 ? 'its group' : 'others'} (mode ${(exposed.mode & 0o7777).toString(8).padStart(4, '0')})`;
  return {
    code: 'schedule-place',
    message: `${what} is ${file}, and ${exposed.path} ${why}: whoever changes it would decide what is run at night`,
    next: `take that right away (chmod go-w, chown), or put ${what} into a folder that only root or the schedule's account can change`,
  };
}

/**
 * Why a word can't stand in what a scheduler reads: a line break in one would begin a line of its own, which
 * could be anything. Pure.
 */
export function wordProblem(words: readonly string[]): Problem | undefined {
  const word = words.find((one) => /\p{Cc}/u.test(one));
  if (word === undefined) return undefined;
  return {
    code: 'schedule-place',
    message: `${JSON.stringify(word)} has a line break or another control character in it, which files of schedulers can't hold`,
    next: 'rename it, and run the command again',
  };
}

/**
 * References to secrets that won't work where nobody is: a variable is set in the shell of a person, and not
 * at night, unless a credential stands for it. Pure.
 */
export function secretProblems(
  uses: readonly Pick<SecretUse, 'value' | 'location'>[],
  credentials: ReadonlyMap<string, string>,
): readonly Problem[] {
  return variablesOf(uses).flatMap(({ name, location }) =>
    credentials.has(name)
      ? []
      : [
          {
            code: 'schedule-secret',
            message: `this secret comes from the environment variable ${name}, which is not set when nobody is there`,
            next: `put it into a file that only root or you can read, and add --credential ${name}=FILE; or refer to it by \`file:\` or \`command:\``,
            location,
          },
        ],
  );
}

/** The variables from which an inventory takes secrets, and the first place of each. */
export function variablesOf(
  uses: readonly Pick<SecretUse, 'value' | 'location'>[],
): readonly { readonly name: string; readonly location: SecretUse['location'] }[] {
  const found = new Map<string, SecretUse['location']>();
  for (const { value, location } of uses) {
    if (typeof value !== 'string' && 'env' in value && !found.has(value.env)) found.set(value.env, location);
  }
  return [...found].map(([name, location]) => ({ name, location }));
}
