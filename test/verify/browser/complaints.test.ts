import { describe, expect, it } from 'vitest';
import {
  complaintOfAnswer,
  complaintOfConsole,
  complaintOfFailure,
  complaintWords,
  distinct,
  fixOf,
  isAboutRequest,
} from '../../../src/verify/browser/complaints.ts';
import { shownUrl } from '../../../src/verify/browser/shown-url.ts';

const node = 'https://bbb-01.example.com';
const page = 'https://bbb.example.com';

// As Chromium 156 writes them, and where it says so, releases before 140.
describe("the console's errors", () => {
  it.each([
    [
      `Access to fetch at '${node}/a' from origin '${page}' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.`,
      'cors',
      `${node}/a`,
    ],
    [
      `Access to XMLHttpRequest at '${node}/b' (redirected from '${page}/c') from origin '${page}' has been blocked by CORS policy: The 'Access-Control-Allow-Origin' header has a value 'https://other.example.com' that is not equal to the supplied origin.`,
      'cors',
      `${node}/b`,
    ],
    [
      `Access to fetch at '${node}/a' from origin '${page}' has been blocked by CORS policy: Permission was denied for this request to access the \`local\` address space.`,
      'local-network',
      `${node}/a`,
    ],
    [
      `Connecting to 'wss://bbb-01.example.com/graphql' violates the following Content Security Policy directive: "connect-src 'self'". The action has been blocked.`,
      'csp',
      'wss://bbb-01.example.com/graphql',
    ],
    [
      `Refused to connect to '${node}/a' because it violates the following Content Security Policy directive: "default-src 'self'". Note that 'connect-src' was not explicitly set, so 'default-src' is used as a fallback.`,
      'csp',
      `${node}/a`,
    ],
    [
      `Executing inline script violates the following Content Security Policy directive 'script-src 'self''.`,
      undefined,
      undefined,
    ],
    [
      `Executing inline script violates the following Content Security Policy directive: "script-src 'self'". Either the 'unsafe-inline' keyword or a hash is required to enable inline execution. The action has been blocked.`,
      'csp',
      '',
    ],
    [
      `Fetch API cannot load ${node}/a. Refused to connect because it violates the document's Content Security Policy.`,
      'csp',
      `${node}/a`,
    ],
    [
      `Mixed Content: The page at '${page}/' was loaded over HTTPS, but requested an insecure resource 'http://bbb-01.example.com/x'. This request has been blocked; the content must be served over HTTPS.`,
      'mixed-content',
      'http://bbb-01.example.com/x',
    ],
    [
      `Mixed Content: The page at '${page}/' was loaded over HTTPS, but attempted to connect to the insecure WebSocket endpoint 'ws://bbb-01.example.com/'. This request has been blocked; this endpoint must be available over WSS.`,
      'mixed-content',
      'ws://bbb-01.example.com/',
    ],
    [
      `[Report Only] Refused to connect to '${node}/a' because it violates the following Content Security Policy directive: "connect-src 'self'".`,
      undefined,
      undefined,
    ],
    ['Uncaught Error: Missing session token', undefined, undefined],
    ['Failed to load resource: net::ERR_FAILED', undefined, undefined],
  ])('%s', (text, cause, url) => {
    const complaint = complaintOfConsole(text);
    expect([complaint?.cause, complaint?.url]).toEqual([cause, url]);
  });

  it('leaves to others what is about requests and sockets', () => {
    expect(isAboutRequest('Failed to load resource: the server responded with a status of 404 ()')).toBe(
      true,
    );
    expect(isAboutRequest("WebSocket connection to 'wss://a/' failed: ")).toBe(true);
    expect(isAboutRequest('Permissions policy violation: camera is not allowed in this document.')).toBe(
      true,
    );
    expect(isAboutRequest('Missing session token')).toBe(false);
  });
});

describe('failed requests', () => {
  it.each([
    ['net::ERR_CERT_AUTHORITY_INVALID', 'certificate'],
    ['net::ERR_CERT_DATE_INVALID', 'certificate'],
    ['net::ERR_CERT_COMMON_NAME_INVALID', 'certificate'],
    ['net::ERR_SSL_PROTOCOL_ERROR', 'certificate'],
    ['net::ERR_NAME_NOT_RESOLVED', 'dns'],
    ['net::ERR_CONNECTION_REFUSED', 'unreachable'],
    ['net::ERR_TIMED_OUT', 'unreachable'],
    ['net::ERR_TOO_MANY_REDIRECTS', 'redirects'],
    ['net::ERR_BLOCKED_BY_ORB', 'refused-answer'],
    ['mixed-content', 'mixed-content'],
    ['csp', 'csp'],
    ['net::ERR_FAILED', 'unknown'],
    ['net::ERR_ABORTED', undefined],
  ])('%s', (text, cause) => {
    const complaint = complaintOfFailure(`${node}/a`, text);
    expect(complaint?.cause).toBe(cause);
    if (complaint !== undefined) expect(fixOf(complaint, page)).not.toContain('undefined');
  });
});

describe('answers', () => {
  it.each([
    [502, 'fetch', 'gateway'],
    [503, 'document', 'gateway'],
    [404, 'script', 'missing'],
    [404, 'document', 'missing'],
    // Without a session a client is refused a lot.
    [401, 'fetch', undefined],
    [404, 'image', undefined],
    [500, 'xhr', undefined],
    [200, 'script', undefined],
  ])('%i to a %s', (status, kind, cause) => {
    expect(complaintOfAnswer(`${node}/a`, status, kind)?.cause).toBe(cause);
  });
});

it('says each thing once, and leaves out what another complaint explains', () => {
  const cors = { cause: 'cors', url: `${node}/a`, words: 'blocked' } as const;
  const failed = { cause: 'unknown', url: `${node}/a`, words: 'it fails' } as const;
  const other = { cause: 'unknown', url: `${node}/b`, words: 'it fails' } as const;
  expect(distinct([failed, cors, cors, other])).toEqual([cors, other]);
});

describe('addresses', () => {
  it.each([
    [
      'https://a.example.com/html5client/?sessionToken=s3cret&lang=de#x',
      'https://a.example.com/html5client/?sessionToken=…&lang=…',
    ],
    ['https://ops:s3cret@a.example.com:8443/', 'https://a.example.com:8443/'],
    ['wss://a.example.com/graphql', 'wss://a.example.com/graphql'],
    ['data:text/plain,s3cret', 'data:…'],
  ])('%s', (url, shown) => {
    expect(shownUrl(url)).toBe(shown);
  });

  it('are hidden in what a complaint quotes', () => {
    const complaint = complaintOfFailure(`${node}/a?sessionToken=s3cret`, 'net::ERR_NAME_NOT_RESOLVED');
    expect(complaint && complaintWords(complaint)).not.toContain('s3cret');
  });
});
