import {
  type EffectiveConfiguration,
  type Freedom,
  freedomOf,
  isLocal,
  type PlacedDirective,
  type Scope,
  walk,
} from '../formats/nginx.ts';
import type { NginxQuestion } from '../model/balancer-question.ts';
import { type Answering, hasOurs } from './nginx-answering.ts';
import { type Findings, placeOf, wordsOf } from './nginx-findings.ts';

const passes = /^(?:proxy|grpc|fastcgi|uwsgi|scgi|memcached)_pass$/;
/** What a program of the operator's does with a request can't be read. */
const programs = /_by_lua|^js_content$|^perl$/;

/** What the server blocks that answer for the cluster's name pass on, and where to. */
export function passFindings(
  { locations, others }: NginxQuestion,
  { configuration, servers }: Answering,
): Findings {
  const shared = configuration.shared('http');
  const faults: string[] = [];
  const notes: string[] = [];
  for (const { server, isDefault } of servers) {
    const content = server.content();
    const scope: Scope = { server: content, shared, names: server.names, isDefault };
    const isOthersFault = others === 'fault' && hasOurs(server, locations);
    for (const { one, around } of withAround(content)) {
      const { name, args } = one.directive;
      if (programs.test(name)) notes.push(`${at(one, around)}: where that leads is not known`);
      if (!passes.test(name)) continue;
      const freedom = freedomOf(args[0]?.text ?? '', around, scope);
      const words = `${at(one, around)}: ${wordsFor(freedom)}`;
      if (freedom === 'any') faults.push(`${words}${resolverWords([...content, ...shared], around)}`);
      else if (freedom !== 'fixed') notes.push(words);
      else if (one.file.path !== locations) (isOthersFault ? faults : notes).push(words);
    }
  }
  return { faults, notes };
}

/** Connections that nginx passes on unread, to a machine that the client names (ngx_stream_ssl_preread_module). */
export function streamFindings(configuration: EffectiveConfiguration): Findings {
  const shared = configuration.shared('stream');
  const faults = configuration.streams
    .filter(({ listen }) => listen.some((one) => !isLocal(one)))
    .flatMap((server) => {
      const content = server.content();
      const scope: Scope = { server: content, shared, names: [], isDefault: true };
      return [...walk(content)]
        .filter(
          ({ directive: { name, args } }) =>
            name === 'proxy_pass' && freedomOf(args[0]?.text ?? '', [], scope) === 'any',
        )
        .map((one) => `${placeOf(one)}: ${wordsOf(one)}: ${wordsFor('any')}`);
    });
  return { faults, notes: [] };
}

function wordsFor(freedom: Freedom): string {
  switch (freedom) {
    case 'any':
      return 'whoever sends a request chooses the machine that gets it';
    case 'some':
      return 'whoever sends a request chooses the machine that gets it, among those that the regular expression allows';
    case 'unknown':
      return 'which machine gets the request is not known, since a program sets the variable';
    case 'fixed':
      return "it isn't one of the cluster's own locations";
  }
}

/** With a resolver every name leads somewhere; without one, addresses do. */
function resolverWords(levels: readonly PlacedDirective[], around: readonly PlacedDirective[]): string {
  const all = [...around.flatMap(({ within }) => within), ...levels];
  const resolver = all.find(({ directive }) => directive.name === 'resolver');
  return resolver === undefined
    ? ', by its address'
    : `, by every name that the resolver of ${placeOf(resolver)} knows`;
}

/** `/etc/nginx/site:12: proxy_pass http://$1 in location ~ ^/x/(.*)` */
function at(one: PlacedDirective, around: readonly PlacedDirective[]): string {
  const block = around.findLast(({ directive }) => directive.name === 'location');
  return `${placeOf(one)}: ${wordsOf(one)}${block === undefined ? '' : ` in ${wordsOf(block)}`}`;
}

function* withAround(
  all: readonly PlacedDirective[],
  around: readonly PlacedDirective[] = [],
): Generator<{ readonly one: PlacedDirective; readonly around: readonly PlacedDirective[] }> {
  for (const one of all) {
    yield { one, around };
    yield* withAround(one.within, [...around, one]);
  }
}
