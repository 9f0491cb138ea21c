import type { Route } from './read-backends.ts';

/**
 * The lines of a frontend that send requests to the nodes' backends, under the conditions `also`. The longest
 * path comes first, since the first rule that holds counts.
 */
export function useBackendLines(routes: readonly Route[], also = ''): readonly string[] {
  const condition = also === '' ? '' : `{ ${also} } `;
  return sorted(routes).map(
    ({ backend, path, kind }) => `use_backend ${backend} if ${condition}{ ${kind} ${path} }`,
  );
}

/** Whether a path is one of those, as an ACL of that name. */
export function routeAcls(name: string, routes: readonly Route[]): readonly string[] {
  return sorted(routes).map(({ path, kind }) => `acl ${name} ${kind} ${path}`);
}

/** With each path that ends with a slash, the same without it, which its backend redirects. */
function sorted(routes: readonly Route[]) {
  const paths = new Set(routes.map(({ path }) => path));
  return routes
    .flatMap((route) => {
      const bare = route.path.replace(/\/$/, '');
      const begins = { ...route, kind: 'path_beg' };
      return paths.has(bare) ? [begins] : [begins, { ...route, path: bare, kind: 'path' }];
    })
    .toSorted((one, other) => other.path.length - one.path.length);
}
