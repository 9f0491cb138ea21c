import type { Directive } from '../../formats/nginx.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { mainFile } from '../nginx/nginx-on-host.ts';
import { formatName, type NameOwner, variableName } from './nginx-names.ts';

/** Lines for `http` and for our own server, by which the operator's logs have no session tokens. */
export interface MaskedLogs {
  readonly http: readonly string[];
  readonly server: readonly string[];
}

/** What nginx knows by itself. Source: ngx_http_log_module. */
const combined =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';

/** Where all distributions' packages log to if nothing is said. */
const usualLog = ['/var/log/nginx/access.log'];

/**
 * Variables that can't hold an address with a token. All others are masked: an operator's own ones may have
 * been made of it. `$uri` has no query. Sources: ngx_http_core_module, ngx_http_log_module and others, each
 * under "Embedded Variables".
 */
const harmless = new RegExp(
  `^(?:${[
    ...['(?:binary_|realip_|proxy_protocol_)?remote_(?:addr|port|user)', 'proxy_protocol_\\w+', 'hostname'],
    ...['time_\\w+', 'msec', 'status', 'body_bytes_sent', 'bytes_sent', 'connection\\w*', 'pipe', 'pid'],
    ...['request_(?:time|length|method|id|completion)', 'host', 'http_(?:host|user_agent|x_forwarded_for)'],
    ...['server_\\w+', 'scheme', 'https?[23]?', 'ssl_\\w+', 'tcpinfo_\\w+', 'gzip_ratio', 'nginx_version'],
    'upstream_(?:addr|status|cache_status|bytes_\\w+|\\w+_time|response_length)',
    ...['(?:document_)?uri', 'document_root', 'content_(?:type|length)', 'limit_(?:req|conn)_status'],
  ].join('|')})$`,
);

/** Those that are nothing but a token. */
const isToken = /^(?:arg_|cookie_|http_(?:x_)?)session_?token$/;

/**
 * The same logs, in the same formats, as the operator's `http` block has them, but for what a `sessionToken=`
 * is. Nothing where nothing is logged. A server's own `access_log` takes the place of those of `http`.
 */
export function maskedLogs(host: StepHost, owner: NameOwner, http: readonly Directive[]): MaskedLogs {
  const named = http.filter(({ name }) => name === 'access_log').map(rawWordsOf);
  // One `off` is for all of them.
  if (named.some(([path]) => path === 'off')) return { http: [], server: [] };
  const logs = named.length === 0 ? [usualLog] : named;
  const formats = [...new Set(logs.map(formatOf))];
  const nameOf = (format: string) => formatName(owner, formats.indexOf(format) + 1);
  const masks = new Masks(owner);
  const lines = formats.map((format) => formatLine(nameOf(format), definitionOf(host, http, format), masks));
  return {
    http: [...masks.lines, ...lines],
    server: logs.map((log) => {
      const [path = '', , ...options] = log;
      return `access_log ${[path, nameOf(formatOf(log)), ...options].join(' ')};`;
    }),
  };
}

function textsOf({ args }: Directive): readonly string[] {
  return args.map(({ text }) => text);
}

/** As they are written, so that they can be written once more. */
function rawWordsOf({ args }: Directive): readonly string[] {
  return args.map(({ raw }) => raw);
}

function formatOf([, second = 'combined']: readonly string[]): string {
  return second.replace(/^(['"])(.*)\1$/, '$2');
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/** The words behind a format's name: perhaps `escape=…`, and the parts of its text. */
function definitionOf(host: StepHost, http: readonly Directive[], format: string): readonly string[] {
  const found = http.find(({ name, args }) => name === 'log_format' && args[0]?.text === format);
  if (found !== undefined) return textsOf(found).slice(1);
  if (format === 'combined') return [combined];
  throw host.problem(
    'hardening-impossible',
    `hardening: masked_logs: the format ${format} of nginx's access_log wasn't found in ${mainFile}, nor in the files that it includes`,
    `put the line log_format ${format} into ${mainFile}, or take masked_logs out of \`hardening\``,
  );
}

function formatLine(name: string, words: readonly string[], masks: Masks): string {
  const options = words.filter((word) => /^escape=/.test(word));
  const text = words.filter((word) => !options.includes(word)).join('');
  return `log_format ${[name, ...options, quoted(masks.textOf(text))].join(' ')};`;
}

/** Variables that stand in the place of others, without tokens; those that are needed, each once. */
class Masks {
  readonly #owner: NameOwner;
  readonly #masked = new Map<string, string>();

  constructor(owner: NameOwner) {
    this.#owner = owner;
  }

  get lines(): readonly string[] {
    return [...this.#masked].flatMap(([variable, name]) => mapLines(variable, name));
  }

  /** A format's text with every variable masked that may hold a token, in either way to write one. */
  textOf(format: string): string {
    return format.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
      const variable = (braced ?? bare ?? '').toLowerCase();
      if (isToken.test(variable)) return '***';
      if (harmless.test(variable)) return whole;
      const name = variableName(this.#owner, variable);
      this.#masked.set(variable, name);
      return `\${${name}}`;
    });
  }
}

/** With one token, the rest is kept; what follows a first one with another behind it is left out. */
function mapLines(variable: string, name: string): readonly string[] {
  // Also in an address within an address, and in one within that.
  const token = 'sessionToken(?:=|%(?:25)*3D)';
  return [
    `map $${variable} $${name} {`,
    `    default $${variable};`,
    `    "~*^(.*?${token}).*sessionToken" "$1***";`,
    `    "~*^(.*?${token})(?:[^& #%]|%(?!26))*(.*)$" "$1***$2";`,
    '}',
  ];
}
