/** A meeting, or whatever people are in, as a guard of its host told it. */
export interface PeopleSession {
  /** undefined if it isn't known */
  readonly participants?: number | undefined;
  /** only where the operator asked for names: they are private */
  readonly name?: string | undefined;
  /** since it began, by the host's clock; seconds */
  readonly age?: number | undefined;
  /** what the guard says of it, which names nobody */
  readonly words?: string | undefined;
}

/** How many there are. */
export interface PeopleSum {
  /** undefined where it isn't known of any session; a lower limit where `atLeast` */
  readonly people: number | undefined;
  readonly atLeast: boolean;
  /** age of the oldest session whose beginning is known; seconds */
  readonly oldest: number | undefined;
}

export function sumOfPeople(sessions: readonly PeopleSession[]): PeopleSum {
  const known = sessions.flatMap(({ participants }) => participants ?? []);
  const ages = sessions.flatMap(({ age }) => age ?? []);
  const people = known.reduce((sum, one) => sum + one, 0);
  const atLeast = known.length < sessions.length;
  return {
    // Of one with nobody and one of which nothing is known, nothing is known.
    people: known.length === 0 || (atLeast && people === 0) ? undefined : people,
    atLeast,
    oldest: ages.length === 0 ? undefined : Math.max(...ages),
  };
}

/** `3, with 25 people; the oldest started 2 h ago`; people.sh on the host has the same words. */
export function sumWords(sessions: number, { people, atLeast, oldest }: PeopleSum): string {
  return [
    String(sessions),
    people === undefined ? '' : `, with ${atLeast ? 'at least ' : ''}${peopleWords(people)}`,
    oldest === undefined ? '' : `; ${sessions > 1 ? 'the oldest' : 'it'} started ${ageWords(oldest)} ago`,
  ].join('');
}

/** `12 people, started 1 h 20 min ago (words)`, behind its name where that is known. */
export function sessionWords({ participants, name, age, words }: PeopleSession): string {
  const who = participants === undefined ? 'an unknown number of people' : peopleWords(participants);
  const start = name === undefined || name === '' ? '' : `${name}: `;
  const since = age === undefined ? '' : `started ${ageWords(age)} ago`;
  // Not everything that is guarded has people in it, such as a recording.
  if (participants === undefined && words !== undefined) {
    return `${start}${words}${age === undefined ? '' : `, for ${ageWords(age)}`}`;
  }
  return `${start}${who}${since && `, ${since}`}${words ? ` (${words})` : ''}`;
}

function peopleWords(number: number): string {
  if (number === 0) return 'nobody at present';
  return number === 1 ? '1 person' : `${number} people`;
}

/** `45 s`, `20 min`, `1 h 20 min`, `2 d 3 h`, from seconds. */
export function ageWords(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  const [large, big, small, little] = seconds < 86_400 ? [3600, 'h', 60, 'min'] : [86_400, 'd', 3600, 'h'];
  const rest = Math.floor((seconds % Number(large)) / Number(small));
  return `${Math.floor(seconds / Number(large))} ${big}${rest === 0 ? '' : ` ${rest} ${little}`}`;
}
