import { describe, expect, it } from 'vitest';
import type { HttpQuestion } from '../../src/model/outside-check.ts';
import type { HttpAnswer, NoAnswer } from '../../src/verify/answers.ts';
import { assetsOf } from '../../src/verify/assets.ts';
import { judgeCertificate } from '../../src/verify/judge-certificate.ts';
import { judgeHttp, judgeWebsocket } from '../../src/verify/judge-http.ts';
import { troubleWords } from '../../src/verify/trouble-words.ts';

const page: HttpQuestion = {
  kind: 'http',
  url: 'https://bbb.example.com/bbb-01/html5client/',
  headers: [],
  status: [200],
  contains: [],
  answers: {},
  location: undefined,
  assets: false,
};

function answer(given: Partial<HttpAnswer> = {}): HttpAnswer {
  return { kind: 'answer', status: 200, headers: {}, body: '', ...given };
}

const silence: NoAnswer = {
  kind: 'trouble',
  words: 'the name bbb.example.com does not resolve here',
  fix: 'add bbb.example.com to the DNS',
};

describe('judgeHttp', () => {
  it('takes any of the expected statuses, and names the one that came instead', () => {
    expect(judgeHttp(page, answer())).toEqual({
      outcome: 'passed',
      expected: 'https://bbb.example.com/bbb-01/html5client/ answers 200 OK',
      found: '200 OK',
    });
    expect(judgeHttp({ ...page, status: [301, 302] }, answer({ status: 302 }))).toMatchObject({
      outcome: 'passed',
    });
    expect(judgeHttp(page, answer({ status: 502 }))).toMatchObject({
      outcome: 'failed',
      found: '502 Bad Gateway',
    });
    expect(judgeHttp(page, silence)).toMatchObject({
      outcome: 'failed',
      found: silence.words,
      fix: silence.fix,
    });
  });

  it("looks for texts as they stand and with JSON's slashes, and only in the right page", () => {
    const question = { ...page, contains: ['wss://bbb-01.example.com/graphql', 'SUCCESS'] };
    const body = '{"returncode":"SUCCESS","graphqlWebsocketUrl":"wss:\\/\\/bbb-01.example.com\\/graphql"}';
    expect(judgeHttp(question, answer({ body }))).toMatchObject({ outcome: 'passed' });
    expect(judgeHttp(question, answer({ body: 'SUCCESS' }))).toMatchObject({
      outcome: 'failed',
      found: "'wss://bbb-01.example.com/graphql' is not in the answer",
    });
    expect(judgeHttp(question, answer({ status: 404 }))).toMatchObject({ found: '404 Not Found' });
  });

  it('compares headers exactly; an empty value means that there may be none', () => {
    const origin = 'https://bbb.example.com';
    const only = { ...page, answers: { 'access-control-allow-origin': [origin] } };
    const allowed = (value: string) => answer({ headers: { 'access-control-allow-origin': value } });
    expect(judgeHttp(only, allowed(origin))).toMatchObject({ outcome: 'passed' });
    expect(judgeHttp(only, allowed('*'))).toMatchObject({
      outcome: 'failed',
      found: "the header access-control-allow-origin is '*'",
    });
    expect(judgeHttp(only, allowed(`${origin}, ${origin}`))).toMatchObject({ outcome: 'failed' });
    expect(judgeHttp(only, allowed('x'.repeat(9000))).found.length).toBeLessThan(300);
    expect(judgeHttp(only, answer())).toMatchObject({
      outcome: 'failed',
      found: 'the answer has no header access-control-allow-origin',
    });
    const optional = { ...page, answers: { 'access-control-allow-origin': ['', origin] } };
    expect(judgeHttp(optional, answer())).toMatchObject({ outcome: 'passed' });
    expect(judgeHttp(optional, allowed(origin))).toMatchObject({ outcome: 'passed' });
    expect(judgeHttp(optional, allowed('https://elsewhere.invalid'))).toMatchObject({
      outcome: 'failed',
      expected: `${page.url} answers 200 OK; its header access-control-allow-origin is missing or '${origin}'`,
    });
  });

  it('resolves a redirect relative to the address that was asked for', () => {
    const question = { ...page, status: [301], location: 'https://bbb.example.com/bbb-01/html5client/?a=1' };
    const to = (location?: string) =>
      judgeHttp(question, answer({ status: 301, headers: location === undefined ? {} : { location } }));
    expect(to('/bbb-01/html5client/?a=1')).toMatchObject({ outcome: 'passed' });
    expect(to('https://bbb-01.example.com/html5client/?a=1')).toMatchObject({
      outcome: 'failed',
      found: 'it redirects to https://bbb-01.example.com/html5client/?a=1',
    });
    expect(to()).toMatchObject({ outcome: 'failed', found: 'it redirects nowhere' });
  });
});

describe('judgeWebsocket', () => {
  const question = {
    kind: 'websocket',
    url: 'wss://bbb-01.example.com/graphql',
    origin: 'https://bbb.example.com',
    protocol: '',
    accepted: true,
  } as const;
  const outcome = (accepted: boolean, given: HttpAnswer | NoAnswer) =>
    judgeWebsocket({ ...question, accepted }, given).outcome;

  it('is accepted by 101 and nothing else', () => {
    expect(outcome(true, answer({ status: 101 }))).toBe('passed');
    for (const status of [200, 400, 403, 404, 502]) expect(outcome(true, answer({ status }))).toBe('failed');
    expect(outcome(true, silence)).toBe('failed');
  });

  it('is refused by an answer that means it: a dead service or a missing location refuses nobody', () => {
    for (const status of [400, 401, 403]) expect(outcome(false, answer({ status }))).toBe('passed');
    for (const status of [101, 200, 404, 500, 502]) expect(outcome(false, answer({ status }))).toBe('failed');
    expect(outcome(false, silence)).toBe('failed');
  });
});

describe('judgeCertificate', () => {
  const day = 86_400_000;
  const question = { kind: 'certificate', hostname: 'bbb.example.com', port: 443 } as const;
  const judge = (lifetime: number, left: number, mistrust?: string) =>
    judgeCertificate(
      question,
      { kind: 'certificate', mistrust, validFrom: (left - lifetime) * day, validTo: left * day },
      0,
    );

  it.each([
    // lifetime and what is left of it, in days
    [90, 23, 'passed', false],
    [90, 22, 'passed', true],
    [90, 11, 'failed', false],
    [45, 12, 'passed', false],
    [45, 11, 'passed', true],
    [45, 5.5, 'failed', false],
    [6, 2.3, 'passed', false],
    [6, 2.2, 'passed', true],
    [6, 1, 'failed', false],
    [398, 23, 'passed', false],
    [3650, 22, 'passed', true],
    [365, 11, 'failed', false],
    [365, -1, 'failed', false],
  ])(
    'a certificate for %s days of which %s are left: %s, with a note: %s',
    (lifetime, left, outcome, note) => {
      expect(judge(lifetime, left)).toMatchObject({ outcome });
      expect(judge(lifetime, left).note !== undefined).toBe(note);
    },
  );

  it('says what a browser would hold against it', () => {
    expect(judge(90, 80, 'the certificate of bbb.example.com is self-signed')).toMatchObject({
      outcome: 'failed',
      found: 'the certificate of bbb.example.com is self-signed',
    });
    expect(judge(90, Number.NaN)).toMatchObject({
      outcome: 'failed',
      found: expect.stringContaining("can't be read"),
    });
    expect(judge(90, 80).found).toBe('it ends in 80 days');
    expect(judge(6, 1).found).toBe('it ends in 24 hours');
    expect(judgeCertificate({ ...question, port: 8443 }, silence, 0)).toMatchObject({
      outcome: 'failed',
      expected: expect.stringContaining('bbb.example.com:8443 shows'),
      found: silence.words,
      fix: silence.fix,
    });
  });
});

describe('assetsOf', () => {
  const from = (html: string) => assetsOf(html, 'https://bbb.example.com/bbb-01/html5client/?sessionToken=x');

  it('gives what the page loads by itself from its own origin, each once', () => {
    const html = `<!DOCTYPE html><link rel="stylesheet" href="main.css"><LINK HREF='../fonts/a.css' REL=stylesheet>
      <script src="bundle.js?v=1&amp;w=2" defer></script><script>const src = "no.js"</script><script src=bundle.js?v=1&w=2></script>
      <img alt="" src="/bbb-01/html5client/logo.png#x"><link rel="modulepreload" href="chunk.js">`;
    expect(from(html)).toEqual([
      'https://bbb.example.com/bbb-01/html5client/main.css',
      'https://bbb.example.com/bbb-01/fonts/a.css',
      'https://bbb.example.com/bbb-01/html5client/bundle.js?v=1&w=2',
      'https://bbb.example.com/bbb-01/html5client/logo.png',
      'https://bbb.example.com/bbb-01/html5client/chunk.js',
    ]);
  });

  it('leaves out links, data, other origins and addresses that are none', () => {
    const html = `<link rel="canonical" href="x"><a href="y">y</a><img src="data:image/png;base64,AA">
      <script src="https://cdn.example.org/z.js"></script><img src="http://["><img>`;
    expect(from(html)).toEqual([]);
  });

  it('heeds the address that a page names as its base', () => {
    expect(from('<base href="/other/"><script src="a.js"></script>')).toEqual([
      'https://bbb.example.com/other/a.js',
    ]);
  });
});

it('tells in words why a server could not be asked, and gives the code where it knows none', () => {
  expect(troubleWords({ code: 'ECONNREFUSED' }, 'x.example.com')).toBe(
    'x.example.com refuses the connection',
  );
  expect(troubleWords({ code: 'EWHATEVER' }, 'x.example.com')).toBe(
    'x.example.com could not be asked (EWHATEVER)',
  );
  expect(troubleWords(new Error('odd'), 'x.example.com')).toBe('x.example.com could not be asked (odd)');
  expect(troubleWords({ code: 'toString', message: 'm' }, 'x')).toBe('x could not be asked (toString)');
});
