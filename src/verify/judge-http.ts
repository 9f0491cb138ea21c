import { STATUS_CODES } from 'node:http';
import type { HttpQuestion, Verdict, WebsocketQuestion } from '../model/outside-check.ts';
import type { HttpAnswer, NoAnswer } from './answers.ts';

/** Whether an answer is as expected, without the assets that its page names. */
export function judgeHttp(question: HttpQuestion, answer: HttpAnswer | NoAnswer): Verdict {
  const { url, status, contains, answers, location } = question;
  const expected = [
    `${url} answers ${status.map(statusWords).join(' or ')}`,
    ...(question.type === undefined ? [] : [`it is ${question.type}`]),
    ...contains.map((text) => `it contains '${text}'`),
    ...Object.entries(answers).map(([name, values]) => headerWords(name, values)),
    ...(location === undefined ? [] : [`it redirects to ${location}`]),
  ].join('; ');
  if (answer.kind === 'trouble') return { outcome: 'failed', expected, found: answer.words, fix: answer.fix };
  // JSON's way to write a slash, and that of a URL within a URL.
  const body = answer.body.replaceAll('\\/', '/').replaceAll(/%2F/gi, '/');
  const wrong = [
    ...(status.includes(answer.status) ? typeMistake(question, answer) : [statusWords(answer.status)]),
    ...(status.includes(answer.status)
      ? contains.filter((text) => !body.includes(text)).map((text) => `'${text}' is not in the answer`)
      : []),
    ...Object.entries(answers).flatMap(([name, values]) => headerMistake(answer, name, values)),
    ...locationMistake(question, answer),
  ];
  if (wrong.length === 0) return { outcome: 'passed', expected, found: statusWords(answer.status) };
  return { outcome: 'failed', expected, found: wrong.join('; ') };
}

/** `its header x is 'a' or missing` */
function headerWords(name: string, values: readonly string[]): string {
  if (values.every((value) => value === '')) return `it has no header ${name}`;
  return `its header ${name} is ${values.map((value) => (value === '' ? 'missing' : `'${value}'`)).join(' or ')}`;
}

function typeMistake({ type }: HttpQuestion, { headers }: HttpAnswer): readonly string[] {
  const found = (headers['content-type'] ?? '').replace(/;.*/, '').trim().toLowerCase();
  if (type === undefined || found === type) return [];
  return [`it is ${found === '' ? 'of an unknown type' : short(found)}`];
}

function headerMistake({ headers }: HttpAnswer, name: string, values: readonly string[]): readonly string[] {
  const found = headers[name] ?? '';
  if (values.includes(found)) return [];
  return found === '' ? [`the answer has no header ${name}`] : [`the header ${name} is '${short(found)}'`];
}

function locationMistake({ url, location }: HttpQuestion, { headers }: HttpAnswer): readonly string[] {
  if (location === undefined) return [];
  const given = headers.location;
  if (given === undefined) return ['it redirects nowhere'];
  const found = URL.canParse(given, url) ? new URL(given, url).href : given;
  return found === location ? [] : [`it redirects to ${short(found)}`];
}

/** Whether an upgrade was accepted or refused, as it has to be. Only an answer can be a refusal. */
export function judgeWebsocket(question: WebsocketQuestion, answer: HttpAnswer | NoAnswer): Verdict {
  const { url, origin, accepted } = question;
  const expected = `${url} ${accepted ? 'accepts' : 'refuses'} a WebSocket of ${origin}`;
  if (answer.kind === 'trouble') return { outcome: 'failed', expected, found: answer.words, fix: answer.fix };
  const { status } = answer;
  const found = status === 101 ? 'it accepts it' : `it answers ${statusWords(status)}`;
  const refused = status >= 400 && status < 500 && status !== 404;
  return { outcome: (accepted ? status === 101 : refused) ? 'passed' : 'failed', expected, found };
}

/** A server may say a lot; nobody reads more than this. */
export function short(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** `404 Not Found` */
export function statusWords(status: number): string {
  const words = STATUS_CODES[status];
  return words === undefined ? String(status) : `${status} ${words}`;
}
