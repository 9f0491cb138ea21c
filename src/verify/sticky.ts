import type { StickyQuestion } from '../model/balancer-question.ts';
import type { Verdict } from '../model/outside-check.ts';
import type { HttpAnswer, NoAnswer } from './answers.ts';
import { cookieSet, droppedBecause, type SetCookie } from './cookies.ts';
import { statusWords } from './judge-http.ts';
import type { Network } from './network.ts';
import { timesFor } from './several.ts';

/** What a client saw that came without a cookie, with the one that it got, and with a foreign one. */
interface Visits {
  /** one after the other, until the server's own cookie was handed out */
  readonly fresh: readonly (HttpAnswer | NoAnswer)[];
  /** with that cookie */
  readonly back: readonly (HttpAnswer | NoAnswer)[];
  /** with a cookie of that name which the balancer has never handed out */
  readonly foreign: HttpAnswer | NoAnswer;
}

/**
 * Visits as a client does. A cookie of that name may come from another site of the same domain, or from
 * before a server was taken away.
 */
export async function askSticky(question: StickyQuestion, network: Network): Promise<Verdict> {
  const { url, cookie, server, servers } = question;
  const headers = (value?: string) => (value === undefined ? [] : [`Cookie: ${cookie}=${value}`]);
  const visit = (value?: string) =>
    url.startsWith('ws')
      ? network.upgrade({ url, headers: [`Origin: ${url.replace(/^ws/, 'http')}`, ...headers(value)] })
      : network.get({ url, headers: headers(value) });
  const fresh: (HttpAnswer | NoAnswer)[] = [];
  let own: SetCookie | undefined;
  for (let times = timesFor(servers); times > 0 && own === undefined; times--) {
    const answer = await visit();
    fresh.push(answer);
    const given = setBy(answer, question);
    if (given !== undefined && serverIn(given) === server) own = given;
    if (answer.kind === 'trouble') break;
  }
  const back: (HttpAnswer | NoAnswer)[] = [];
  for (let times = own === undefined ? 0 : timesFor(servers); times > 0; times--) {
    back.push(await visit(own?.value));
  }
  return judgeSticky(question, { fresh, back, foreign: await visit(foreignValue) });
}

/** As an application elsewhere would name a session. */
const foreignValue = '0123456789ABCDEF0123456789ABCDEF';

function judgeSticky(question: StickyQuestion, { fresh, back, foreign }: Visits): Verdict {
  const { url, cookie, mode, server, sameSite } = question;
  const expected = `clients of ${server} come back to it by the cookie ${cookie} of ${url}, and one that it didn't set does no harm`;
  const failed = (found: string, fix?: string): Verdict => ({
    ...{ outcome: 'failed', expected, found },
    ...(fix === undefined ? {} : { fix }),
  });
  const silent = [...fresh, ...back, foreign].find((one) => one.kind === 'trouble');
  if (silent?.kind === 'trouble') return failed(silent.words, silent.fix);
  const usual = statusOf(fresh[0]);
  // That nobody serves them is what other checks find.
  if (usual >= 500 && fresh.every((one) => statusOf(one) >= 500 && setBy(one, question) === undefined)) {
    return { outcome: 'not-asked', expected, found: `it answers ${statusWords(usual)}` };
  }
  const given = fresh.flatMap((answer) => setBy(answer, question) ?? []);
  const [first] = given;
  if (first === undefined && mode === 'prefix') {
    return { outcome: 'not-applicable', expected, found: `no node sets the cookie ${cookie} there` };
  }
  if (first === undefined) return failed(`it sets no cookie ${cookie}`);
  const nameless = given.find(({ value }) => mode === 'prefix' && !value.includes('~'));
  if (nameless !== undefined) return failed(`the cookie ${cookie} doesn't name the node that set it`);
  const dropped = given
    .map((one) => droppedBecause(one, new URL(url).hostname))
    .find((why) => why !== undefined);
  if (dropped !== undefined) return failed(`browsers drop the cookie ${cookie}: ${dropped}`);
  if (sameSite !== '' && sameSite !== 'unset' && first.attributes.samesite !== sameSite) {
    return failed(
      `the cookie ${cookie} has SameSite ${first.attributes.samesite ?? 'unset'}, not ${sameSite}`,
    );
  }
  if (statusOf(foreign) >= 400 && usual < 400) {
    return failed(`with a cookie ${cookie} that it didn't set, it answers ${statusWords(statusOf(foreign))}`);
  }
  const elsewhere = back
    .flatMap((answer) => setBy(answer, question) ?? [])
    .map(serverIn)
    .find((name) => name !== server);
  if (elsewhere !== undefined) return failed(`a client of ${server} came to ${elsewhere}`);
  if (back.length === 0) {
    return { outcome: 'not-applicable', expected, found: `${server} gets no new clients at the moment` };
  }
  return { outcome: 'passed', expected, found: `so they do, ${back.length} times` };
}

function setBy(answer: HttpAnswer | NoAnswer, { cookie }: StickyQuestion): SetCookie | undefined {
  return answer.kind === 'trouble' ? undefined : cookieSet(answer.headers['set-cookie'], cookie);
}

/** HAProxy puts `~` between the server's name and the application's own value. */
function serverIn({ value }: SetCookie): string {
  return value.split('~')[0] ?? '';
}

function statusOf(answer: HttpAnswer | NoAnswer | undefined): number {
  return answer?.kind === 'answer' ? answer.status : 0;
}
