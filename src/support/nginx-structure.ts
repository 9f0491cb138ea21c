import { FormatError } from '../formats/format-error.ts';
import { nginxDirectives } from '../formats/nginx/directive-names.ts';
import { type Directive, listensOf, scanWalkable } from '../formats/nginx.ts';
import type { Words } from './words.ts';

/** More lines of a file are counted, but not shown. */
const mostLines = 200;

/**
 * The directives of an nginx file and how they are nested: names, and of their arguments only what is a word
 * of ours, a port, a switch or a placeholder. `…` stands for all others.
 */
export function nginxStructure(text: string, words: Words): readonly string[] {
  let lines: readonly string[];
  try {
    lines = structureOf(scanWalkable(text), words, 0);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return ['not a valid nginx configuration'];
  }
  const more = lines.length - mostLines;
  return more <= 0 ? lines : [...lines.slice(0, mostLines), `… ${more} more lines`];
}

function structureOf(directives: readonly Directive[], words: Words, depth: number): readonly string[] {
  const indentation = '  '.repeat(depth);
  return directives.flatMap((directive) => {
    const { name, block } = directive;
    const isKnown = nginxDirectives.has(name);
    // The lines of `types` and `map` are data, and so are those of other modules' blocks.
    if (block === undefined && !isKnown) return [];
    const start = [isKnown ? name : 'other-block', ...argumentsOf(directive, words)].join(' ');
    if (block === undefined) return [`${indentation}${start}`];
    return [
      `${indentation}${start} {`,
      ...structureOf(block.directives, words, depth + 1),
      `${indentation}}`,
    ];
  });
}

function argumentsOf({ name, args }: Directive, words: Words): readonly string[] {
  const texts = args.map(({ text }) => text);
  const show = shown.get(name) ?? switches;
  return texts.length === 0 ? [] : show(texts, words);
}

type Show = (texts: readonly string[], words: Words) => readonly string[];

const hidden = '…';

const switches: Show = (texts) => {
  const known = texts.every((text) => /^(?:on|off|auto|any|all|default|TLSv1(?:\.[0-3])?)$/.test(text));
  return known ? texts : [hidden];
};

/** How many, how large, or how long. */
const sizes: Show = (texts) =>
  texts.map((text) => (/^(?:\d{1,6}[kKmMgGsdh]?|auto|off)$/.test(text) ? text : hidden));

const paths: Show = (texts, words) => texts.map((text) => words.path(text));

const listen: Show = (texts, words) => {
  const [first] = listensOf(texts);
  if (first === undefined) return [hidden];
  const { family, address, port, isDefault, ssl, proxyProtocol } = first;
  if (family === 'unix') return [`unix:${hidden}`];
  return [
    `${address === '*' ? (family === 'ipv6' ? '[::]' : '*') : words.server(address)}:${port}`,
    ...(isDefault ? ['default_server'] : []),
    ...(ssl ? ['ssl'] : []),
    ...(proxyProtocol ? ['proxy_protocol'] : []),
    ...(texts.includes('http2') ? ['http2'] : []),
  ];
};

const serverName: Show = (texts, words) =>
  texts.map((text) => {
    if (text.startsWith('~')) return `~${hidden}`;
    const [, wildcard = '', name = ''] = /^(\*\.|\.)?(.*?)(?:\.\*)?$/.exec(text) ?? [];
    return name === '' ? hidden : `${wildcard}${words.server(name)}`;
  });

const location: Show = (texts, words) => {
  const modifier = ['=', '^~', '~', '~*'].find((one) => one === texts[0]);
  const path = texts[modifier === undefined ? 0 : 1] ?? '';
  const isPattern = modifier === '~' || modifier === '~*' || !path.startsWith('/');
  return [...(modifier === undefined ? [] : [modifier]), isPattern ? hidden : words.path(path)];
};

const proxyPass: Show = ([target = ''], words) => {
  const found = /^(https?):\/\/(\[[^\]]+\]|[^/:$]+)(:\d{1,5})?(\/[^$?]*)?$/.exec(target);
  if (found === null) return [target.includes('$') ? `$${hidden}` : hidden];
  const [, scheme = '', server = '', port = '', path = ''] = found;
  return [`${scheme}://${words.server(server)}${port}${words.path(path)}`];
};

const returned: Show = ([status = '']) => (/^[1-5]\d\d$/.test(status) ? [status] : [hidden]);

const variable: Show = ([name = ''], words) => {
  const bare = name.replace(/^\$/, '');
  return [words.vocabulary.keys.has(bare) ? `$${bare}` : `$${hidden}`];
};

const shown: ReadonlyMap<string, Show> = new Map<string, Show>([
  ['listen', listen],
  ['server_name', serverName],
  ['location', location],
  ['proxy_pass', proxyPass],
  ['include', paths],
  ['return', returned],
  ['set', variable],
  ...[
    ...['client_max_body_size', 'keepalive_timeout', 'proxy_connect_timeout', 'proxy_read_timeout'],
    ...['proxy_send_timeout', 'worker_connections', 'worker_processes', 'worker_rlimit_nofile'],
  ].map((name): [string, Show] => [name, sizes]),
]);
