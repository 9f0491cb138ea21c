import type { Promised } from './software.ts';

/** What stands after a page's path, and what of it arrives at the node. */
interface Spelling {
  readonly sent: string;
  /** as a proxy spells it that reads a path before it passes it on, where that differs */
  readonly respelled?: string;
  /** by which it arrives so */
  readonly promise?: Promised;
}

/** Legal in a path (RFC 3986, 3.3) or in a query (3.4). */
export const spellings: readonly Spelling[] = [
  { sent: '/plain' },
  { sent: '/a%20b' },
  { sent: '/a+b' },
  { sent: '/a%2Bb', respelled: '/a+b' },
  { sent: '/a%2Fb', respelled: '/a/b' },
  { sent: '/%C3%A4/%E2%82%AC' },
  { sent: '/%c3%a4', respelled: '/%C3%A4' },
  { sent: '/a%3Fb%23c%25d' },
  { sent: '/%7Euser', respelled: '/~user' },
  { sent: '/~user:a@b$&,=-._' },
  { sent: "/!'()*", promise: 'marks' },
  { sent: '/a;v=1/b' },
  { sent: '/a.b/..c/d..' },
  { sent: '/...' },
  { sent: '/CaSe/' },
  { sent: '/a?x=a%20b&y=a+b&z=%2F..%2F&empty=&&%c3%a4=%C3%A4;s=1' },
  { sent: '/a?to=https://elsewhere.example.org/../?really' },
  { sent: '?session=1' },
];

/** What gets no answer from a node: our own server has nothing at these. */
export function notRelayed(name: string): readonly string[] {
  const [upper, half] = [name.toUpperCase(), name.slice(0, -1)];
  return [
    '/',
    '/secret',
    `/${name}`,
    `/${name}/`,
    `/${name}/secret`,
    `/${upper}/html5client/door/echo`,
    `/${name}/HTML5client/door/echo`,
    `/${name}/bigbluebutton/API/door/echo`,
    `/${name}/html5clientele/door/echo`,
    `/${name}/bigbluebutton/`,
    `/${half}/html5client/door/echo`,
    `/x/${name}/html5client/door/echo`,
    `/${name};x=1/html5client/door/echo`,
    `/html5client/`,
    `/bigbluebutton/api`,
  ];
}

/** Targets by which somebody might hope to get at another path of a node. */
export function tricks(name: string): readonly string[] {
  const [client, api] = [`/${name}/html5client`, `/${name}/bigbluebutton/api`];
  const climbs = [
    '/../../secret',
    '/%2e%2e/%2e%2e/secret',
    '/%2E%2E/.%2E/secret',
    '/..%2f..%2fsecret',
    '/..%2F..%2Fsecret',
    '%2f..%2f..%2fsecret',
    '/%2e%2e%2f%2e%2e%2fsecret',
    '/..%5c..%5csecret',
    '/..\\..\\secret',
    '/%252e%252e/%252e%252e/secret',
    '/..%252f..%252fsecret',
    '/%c0%ae%c0%ae/%c0%ae%c0%ae/secret',
    '//..//..//secret',
    '/.//../.././secret',
    '/./%2e/../../secret',
    '/door/echo/../../../../secret',
    '/door/%2e%2e/%2e%2e/%2e%2e/secret',
    '/..',
    '/../',
    '/../..',
    '/..?x=/../../secret',
    '/%00/../../secret',
    '/..%00/secret',
    '/\0/../../secret',
    '/\t/../../secret',
    '/#/../../secret',
    '../../secret',
    '..%2f..%2fsecret',
  ];
  const others = [
    `//${name}/html5client/../../secret`,
    `/${name}//html5client/..//../secret`,
    `/${name}/./html5client/../../secret`,
    `/${name}%2fhtml5client%2f..%2f..%2fsecret`,
    `/x/../${name}/html5client/../../secret`,
    '//secret',
    '/.%2e/secret',
    'secret',
    '*',
    '',
  ];
  return [...[client, api].flatMap((path) => climbs.map((climb) => `${path}${climb}`)), ...others];
}

/**
 * The same by parameters of a path's segment, which Java's servers take off before they look for dots
 * (`/a/..;x/b` is `/b`): a server behind the node's nginx is one.
 */
export function tricksWithParameters(name: string): readonly string[] {
  return [`/${name}/html5client`, `/${name}/bigbluebutton/api`].flatMap((path) =>
    [
      '/..;/..;/secret',
      '/..;x=1/..;x=1/secret',
      '/%2e%2e;/%2e%2e;/secret',
      '/..%3b/..%3b/secret',
      '/..;',
    ].map((climb) => `${path}${climb}`),
  );
}

/** Targets that name a server (RFC 9112, 3.2.2), which may not be the one that was meant. */
export function absoluteTargets(name: string, hostname: string): readonly string[] {
  const node = `${name}.example.com`;
  return [
    `https://${hostname}/${name}/html5client/../../secret`,
    `https://${hostname}/secret`,
    `http://${hostname}/secret`,
    `https://${node}/secret`,
    `http://${node}/secret`,
    `https://127.0.0.1/secret`,
    `http://${hostname}@${node}/secret`,
    `${node}:443`,
  ];
}

/**
 * Whether a request line that came to a node is for a path that the proxy may ask for, whoever there reads
 * it: escapes are undone, parameters of segments taken off, and dots followed. A second time for what was
 * escaped twice isn't needed: nobody there undoes that.
 */
export function isInside(line: string, name: string): boolean {
  const target = /^\S+ (.*) HTTP\/[\d.]+$/.exec(line)?.[1];
  if (target === undefined || !target.startsWith('/')) return false;
  const [path = ''] = target.split(/[?#]/);
  const segments: string[] = [];
  for (const segment of unescaped(path).split('/').slice(1)) {
    const bare = segment.replace(/;.*$/s, '');
    if (bare === '..') segments.pop();
    else if (bare !== '.' && segment !== '') segments.push(segment);
  }
  const resolved = `/${segments.join('/')}`;
  return `${resolved}/`.startsWith(`/${name}/html5client/`) || resolved.startsWith('/bigbluebutton/api');
}

/** Byte by byte: what is not UTF-8 may stand there as well. */
function unescaped(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
}
