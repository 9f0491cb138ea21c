import type { Directive, EffectiveServer, Socket } from '../../formats/nginx.ts';

/** Pages that distributions and nginx itself bring: nobody misses them. */
const stockRoots: ReadonlySet<string> = new Set([
  '/usr/share/nginx/html',
  '/usr/share/nginx/www',
  '/var/www/html',
  'html',
]);

/**
 * Whether a server block that answers where no other has the name does so on purpose: it is said to be the
 * default, or has no name that anybody could ask for, and it has something to show.
 */
export function isFrontEnd(server: EffectiveServer, { address, port }: Socket): boolean {
  const isChosen = server.listen.some(
    (listen) => listen.isDefault && listen.address === address && listen.port === port,
  );
  const isNamed = server.names.some((name) => name.startsWith('~') || /[^.]\.[^.]/.test(name));
  return (isChosen || !isNamed) && serves(server.directives);
}

/** Whether all that a server block has to show is a page that the distribution or nginx itself brings. */
export function showsStockPage({ directives }: EffectiveServer): boolean {
  const isStock = directives.some(
    ({ name, args }) => name === 'root' && stockRoots.has((args[0]?.text ?? '').replace(/\/$/, '')),
  );
  return isStock && !serves(directives) && !redirects(directives);
}

/** Whether a server block only sends people elsewhere, such as to https. */
export function onlyRedirects({ directives }: EffectiveServer): boolean {
  return !serves(directives) && redirects(directives);
}

/** Whether anything but errors, redirects and stock pages is answered. */
function serves(directives: readonly Directive[]): boolean {
  return directives.some(({ name, args, block }) => {
    const [first = ''] = args.map(({ text }) => text);
    if (name.endsWith('_pass') || name.includes('_by_lua')) return true;
    if (name === 'return') return /^2\d\d$/.test(first);
    if (name === 'root' || name === 'alias') return !stockRoots.has(first.replace(/\/$/, ''));
    if (name === 'location') return !isForCertificates(args) && serves(block?.directives ?? []);
    return name === 'if' && serves(block?.directives ?? []);
  });
}

function redirects(directives: readonly Directive[]): boolean {
  return directives.some(({ name, args, block }) => {
    const [first = ''] = args.map(({ text }) => text);
    if (name === 'return') return /^30\d$/.test(first) || /^(?:https?:|\$scheme)/.test(first);
    if (name === 'rewrite') return ['redirect', 'permanent'].includes(args.at(-1)?.text ?? '');
    return (name === 'location' || name === 'if') && redirects(block?.directives ?? []);
  });
}

/** The path of ACME challenges (RFC 8555), which every redirect leaves out. */
function isForCertificates(args: Directive['args']): boolean {
  return (args.at(-1)?.text ?? '').includes('/.well-known/');
}
