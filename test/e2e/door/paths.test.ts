import { describe, expect, it } from 'vitest';
import { isInside, tricks, tricksWithParameters } from './paths.ts';

/** The request line of a proxy that looks at how a path begins, and at nothing else. */
function passedOn(target: string): string | undefined {
  const [, path] = /^\/n(\/html5client.*)$/s.exec(target) ?? [];
  if (path !== undefined) return `GET /n${path} HTTP/1.1`;
  const [, api] = /^\/n(\/bigbluebutton\/api.*)$/s.exec(target) ?? [];
  return api === undefined ? undefined : `GET ${api} HTTP/1.1`;
}

describe('which requests of a proxy are for other paths of a node', () => {
  it.each([
    'GET /n/html5client/ HTTP/1.1',
    'GET /n/html5client HTTP/1.1',
    'POST /n/html5client/a/../b?x=/../../c HTTP/1.1',
    'GET /bigbluebutton/api HTTP/1.0',
    'GET /bigbluebutton/api/join;jsessionid=1?a HTTP/1.1',
    'GET /n/html5client/%252e%252e/%252e%252e/secret HTTP/1.1',
  ])('not %s', (line) => {
    expect(isInside(line, 'n')).toBe(true);
  });

  it.each([
    'GET /secret HTTP/1.1',
    'GET / HTTP/1.1',
    'GET /n/html5clientele/ HTTP/1.1',
    'GET /N/html5client/ HTTP/1.1',
    'GET /bigbluebutton/ HTTP/1.1',
    'GET /n/html5client/.. HTTP/1.1',
    'GET /n/html5client/%2E%2e%2fx HTTP/1.1',
    'GET /bigbluebutton/api/..;a=b/x HTTP/1.1',
    'GET http://node/n/html5client/ HTTP/1.1',
    '\\x16\\x03\\x01',
  ])('but %s', (line) => {
    expect(isInside(line, 'n')).toBe(false);
  });

  it('are most tricks, for a proxy that falls for them', () => {
    const lines = [...tricks('n'), ...tricksWithParameters('n')].flatMap((target) => passedOn(target) ?? []);
    const harmless = lines.filter((line) => isInside(line, 'n'));
    // What only looks like a way up: for nginx a backslash is a letter like any other.
    expect(harmless.filter((line) => !/%5c|\\|%25|%c0|\/\.\.%00\/|#/.test(line))).toEqual([]);
    expect(lines.length - harmless.length).toBeGreaterThan(2 * harmless.length);
  });
});
