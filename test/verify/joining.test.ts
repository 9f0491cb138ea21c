import { describe, expect, it } from 'vitest';
import type { HttpAnswer, NoAnswer } from '../../src/verify/answers.ts';
import { joinMeeting } from '../../src/verify/ask-meeting.ts';
import type { Network, Request } from '../../src/verify/network.ts';
import { networkOf, noSession, withCookiesOf } from '../../src/verify/session.ts';

const client = ['https://proxy.example.com/a/html5client/'];
const way = { who: 'moderator', url: 'https://a.example.com/api/join?checksum=0123abcd' };

const answer = (status: number, headers: Record<string, string> = {}): HttpAnswer => ({
  ...{ kind: 'answer', status, headers, body: '' },
});
const redirect = (location: string, more: Record<string, string> = {}) => answer(302, { location, ...more });

/** A network on which these addresses answer, and what was asked there. */
function networkWith(answers: Readonly<Record<string, HttpAnswer | NoAnswer>>) {
  const asked: Request[] = [];
  const network: Network = {
    get: async (request) => {
      asked.push(request);
      return answers[request.url] ?? answer(404);
    },
    upgrade: async (request) => {
      asked.push(request);
      return answer(101);
    },
    certificate: () => Promise.reject(new Error('nobody asks for it')),
    talk: () => Promise.reject(new Error('nobody asks for it')),
    line: () => Promise.reject(new Error('nobody asks for it')),
    addresses: () => Promise.reject(new Error('nobody asks for it')),
  };
  return { network, asked };
}

const join = (answers: Readonly<Record<string, HttpAnswer | NoAnswer>>) =>
  joinMeeting({ client, session: 'sessionToken' }, [way], networkWith(answers).network);

describe('joining a meeting', () => {
  const page = 'https://proxy.example.com/a/html5client/?sessionToken=t0k3n';

  it('follows every redirect to the client, and has a session then', async () => {
    const { verdict, session } = await join({
      [way.url]: redirect('https://proxy.example.com/a/html5client?sessionToken=t0k3n', {
        'set-cookie': 'JSESSIONID=1; Path=/; Expires=Thu, 01 Jan 2099 00:00:00 GMT, other=2; Secure',
      }),
      'https://proxy.example.com/a/html5client?sessionToken=t0k3n': redirect(
        '/a/html5client/?sessionToken=t0k3n',
      ),
      [page]: answer(200),
    });
    expect(verdict.outcome).toBe('passed');
    expect(session?.token).toBe('t0k3n');
    expect(session?.cookies.get('a.example.com')).toEqual(['JSESSIONID=1', 'other=2']);
  });

  it.each<[string, Record<string, HttpAnswer | NoAnswer>, string]>([
    [
      'to the node',
      { [way.url]: redirect('https://a.example.com/?errors=x') },
      'people are sent to https://a.example.com/',
    ],
    [
      'by way of another server',
      {
        [way.url]: redirect('https://elsewhere.example.com/x'),
        'https://elsewhere.example.com/x': redirect(page),
        [page]: answer(200),
      },
      'people are sent to https://elsewhere.example.com/x',
    ],
    [
      "to another node's page",
      {
        [way.url]: redirect('https://proxy.example.com/b/html5client/?sessionToken=t0k3n'),
        'https://proxy.example.com/b/html5client/?sessionToken=t0k3n': answer(200),
      },
      'people end up at https://proxy.example.com/b/html5client/',
    ],
    ['to a page that is not there', { [way.url]: redirect(page) }, 'answers 404 Not Found'],
    [
      'without a session',
      { [way.url]: redirect(client[0] ?? ''), [client[0] ?? '']: answer(200) },
      'has no sessionToken',
    ],
    ['nowhere', { [way.url]: answer(200) }, "doesn't send people anywhere"],
    ['in circles', { [way.url]: redirect(page), [page]: redirect(page) }, 'answers 302 Found'],
    ['to silence', { [way.url]: { kind: 'trouble', words: 'silent', fix: 'wake it' } }, 'silent'],
  ])('fails where it leads %s, and shows no query', async (_, answers, found) => {
    const { verdict, session } = await join(answers);
    expect(verdict.outcome).toBe('failed');
    expect(verdict.found).toContain(found);
    expect(JSON.stringify(verdict)).not.toMatch(/t0k3n|0123abcd|\?/);
    expect(session).toBeUndefined();
  });
});

describe('a redirect to elsewhere', () => {
  it.each([
    ['http://169.254.169.254/latest/?token=1', 'http://169.254.169.254/latest/'],
    ['http://localhost:8080/stop', 'http://localhost:8080/stop'],
    ['file:///etc/passwd', 'file:///etc/passwd'],
  ])('is told, and not followed: %s', async (location, told) => {
    const { network, asked } = networkWith({ [way.url]: redirect(location) });
    const { verdict } = await joinMeeting({ client, session: 'sessionToken' }, [way], network);
    expect(verdict).toMatchObject({ outcome: 'failed', found: `as moderator, people are sent to ${told}` });
    expect(asked.map(({ url }) => url)).toEqual([way.url]);
  });
});

describe('a session', () => {
  it("goes to the server that set its cookies, and into the question's places", async () => {
    const first = withCookiesOf(
      noSession,
      'https://a.example.com/',
      answer(200, { 'set-cookie': 'id=1; Path=/' }),
    );
    const second = withCookiesOf(first, 'https://a.example.com/', answer(200, { 'set-cookie': 'id=2' }));
    const { network, asked } = networkWith({});
    const mine = networkOf(network, { ...second, token: 't' });
    await mine.get({ url: 'https://a.example.com/?s={session}', headers: ['X: {session}'] });
    await mine.upgrade({ url: 'wss://a.example.com/ws?s={session}', headers: [] });
    await mine.get({ url: 'https://b.example.com/', headers: [] });
    expect(asked).toEqual([
      { url: 'https://a.example.com/?s=t', headers: ['X: t', 'Cookie: id=2'] },
      { url: 'wss://a.example.com/ws?s=t', headers: ['Cookie: id=2'] },
      { url: 'https://b.example.com/', headers: [] },
    ]);
  });
});
