import { toValue } from '../../inventory/variables.ts';
import type { Fact, PlaybookTrouble } from '../../model/playbook.ts';
import type { PlaybookOutsideCheck, PlaybookQuestion } from '../../model/playbook-checks.ts';
import type { OwnProgram } from '../../model/playbook-parts.ts';
import { balancerQuestionKeys } from './balancer-question-schema.ts';
import { buildCondition, listOf, mapValues } from './build-parts.ts';
import { programKey } from './guard-programs.ts';
import type { OutsideCheckData, TroubleData } from './schema.ts';

/** The role that declares them, and the programs beside its playbook. */
interface ProgramSource {
  readonly name: string;
  readonly programs: ReadonlyMap<string, OwnProgram>;
}

const balancerKinds = Object.keys(balancerQuestionKeys) as (keyof typeof balancerQuestionKeys)[];

/** A check from outside, with its defaults. */
export function buildOutsideCheck(
  data: OutsideCheckData,
  { name, programs }: ProgramSource,
): Omit<PlaybookOutsideCheck, 'location'> {
  const { id, title, fix, recipes, needs, during } = data;
  return {
    ...{ id, title, fix, recipes, during },
    when: buildCondition(data.when),
    needs: listOf(needs),
    question: buildQuestion(data, programs.get(programKey(name, 'check', id))),
  };
}

function buildQuestion(
  { http, websocket, browser, certificate, meeting, ...data }: OutsideCheckData,
  program: OwnProgram | undefined,
): PlaybookQuestion {
  for (const kind of balancerKinds) {
    const values = data[kind] as Readonly<Record<string, unknown>> | undefined;
    if (values !== undefined) return { kind, values: mapValues(values, toValue) };
  }
  if (http !== undefined) {
    const { url, headers = [], type, contains = [], answers = {}, location, assets = false } = http;
    const { status = 200 } = http;
    return {
      ...{ kind: 'http', url, headers, type, contains, location, assets },
      status: [status].flat(),
      answers: mapValues(answers, listOf),
    };
  }
  if (websocket !== undefined) {
    const { url, origin, protocol = '', accepted = true } = websocket;
    return { kind: 'websocket', url, origin, protocol, accepted };
  }
  if (browser !== undefined) {
    const { shows, page, elsewhere, sockets = [], protocol = '', reads = [] } = browser;
    return { kind: 'browser', shows, page, elsewhere, sockets, protocol, reads };
  }
  if (meeting !== undefined) {
    const { args = [], client, session } = meeting;
    if (program === undefined) throw new Error(`the program ${meeting.program} was not read`);
    return { kind: 'meeting', program, args, client, session };
  }
  return { kind: 'certificate', hostname: certificate?.hostname ?? '', port: certificate?.port ?? 443 };
}

/** One that a program tells holds the program's text in place of its name. */
export function buildSymptom(id: string, symptom: Fact, { name, programs }: ProgramSource): Fact {
  if (!Object.hasOwn(symptom, 'program')) return symptom;
  return { ...symptom, program: programs.get(programKey(name, 'symptom', id))?.text ?? '' };
}

/** A known trouble, with its defaults. */
export function buildTrouble(data: TroubleData): Omit<PlaybookTrouble, 'location'> {
  const { id, title, recipes, found, means, fix } = data;
  return {
    ...{ id, title, recipes, found, means, fix },
    when: buildCondition(data.when),
    shows: buildCondition(data.shows),
    unless: buildCondition(data.unless),
    note: data.note && { when: buildCondition(data.note.when), text: data.note.text },
  };
}
