import { describe, expect, it } from 'vitest';
import type { HttpQuestion } from '../../src/model/outside-check.ts';
import { readBrowsed } from '../../src/verify/browsed.ts';
import { judgeHttp } from '../../src/verify/judge-http.ts';

const question: HttpQuestion = {
  kind: 'http',
  url: 'https://proxy.example.com/bbb-01/bigbluebutton/api',
  headers: [],
  type: 'application/json',
  status: [200],
  contains: ['wss://bbb-01.example.com/graphql'],
  answers: {},
  location: undefined,
  assets: false,
};

const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=utf-8\r\n\r\n';
const index = (node: string) =>
  `{"response":{"graphqlWebsocketUrl":"wss:\\/\\/${node}.example.com\\/graphql"}}`;
const output = (text: string) => readBrowsed({ status: 0, output: text });

function verdict(text: string): readonly [string, string] {
  const browsed = output(text);
  if (browsed === undefined) throw new Error('nothing was asked');
  const { outcome, found } = judgeHttp(question, browsed);
  return [outcome, found];
}

describe('an answer that a host asked itself for', () => {
  it.each([
    ['as it must be', `${head}${index('bbb-01')}\n`, 'passed', '200 OK'],
    [
      'of another node',
      head + index('bbb-02'),
      'failed',
      "'wss://bbb-01.example.com/graphql' is not in the answer",
    ],
    [
      'of the proxy itself',
      'HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\n\r\n<html>',
      'failed',
      '502 Bad Gateway',
    ],
    ['that is cut short', 'HTTP/1.1 404 Not Found\r\nServer: nginx', 'failed', '404 Not Found'],
    [
      'of another type',
      `HTTP/1.1 200 OK\nContent-Type: text/html\n\n${index('bbb-01')}`,
      'failed',
      'it is text/html',
    ],
    ['of an unknown type', `HTTP/1.1 200 OK\r\n\r\n${index('bbb-01')}`, 'failed', 'it is of an unknown type'],
    [
      'that did not come',
      'curl: (28) Operation timed out after 2001 ms\n',
      'failed',
      'no answer within 2 seconds',
    ],
    ['that openssl waited for', 'openssl: no answer\n', 'failed', 'openssl: no answer'],
    ['that broke off', 'curl: (92) HTTP stream was closed', 'failed', 'curl: (92) HTTP stream was closed'],
  ])('%s', (_, text, outcome, found) => {
    expect(verdict(text)).toEqual([outcome, found]);
  });

  it('reads a slash within a URL within a page', () => {
    const page = { ...question, type: undefined, contains: ['/bbb-01/html5client'] };
    const browsed = output('HTTP/1.1 200 OK\r\n\r\n%22ROOT_URL%22%3A%22%2Fbbb-01%2fhtml5client%22');
    expect(browsed && judgeHttp(page, browsed).outcome).toBe('passed');
  });

  it('was not asked for where there is neither curl nor openssl', () => {
    expect(output('\n')).toBeUndefined();
  });

  it.each([
    ['curl: (7) Failed to connect', true],
    ['curl: (35) TLS', true],
    ['curl: (28) timed out', false],
  ])('%s: is nobody there at all? %s', (text, nobody) => {
    expect(output(text)).toMatchObject({ kind: 'trouble', nobody });
  });
});
