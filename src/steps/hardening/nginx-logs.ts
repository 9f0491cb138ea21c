import { type Directive, scanWalkable } from '../../formats/nginx.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { filesAt, nginxFiles } from '../nginx/nginx-files.ts';
import { mainFile } from '../nginx/nginx-on-host.ts';
import { understand } from '../shared/understand.ts';
import { nginxName } from './items.ts';

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

/** Variables that may hold a token. `$uri` has no query. */
const telling = ['request', 'request_uri', 'http_referer', 'args', 'query_string'] as const;

/**
 * The same logs, in the same formats, as the operator's `http` block has them, but for what a `sessionToken=`
 * is. Nothing where nothing is logged. A server's own `access_log` takes the place of those of `http`.
 */
export function maskedLogs(host: StepHost, cluster: string): MaskedLogs {
  const main = host.snapshot.paths.has(mainFile) ? (host.text(mainFile) ?? '') : '';
  const directives = understand(host, mainFile, main, () => scanWalkable(main));
  const http = directives.find(({ name }) => name === 'http')?.block?.directives ?? [];
  const named = http.filter(({ name }) => name === 'access_log').map(textsOf);
  const logs = (named.length === 0 ? [usualLog] : named).filter(([path]) => path !== 'off');
  if (logs.length === 0) return { http: [], server: [] };
  const formats = [...new Set(logs.map(formatOf))];
  const nameOf = (format: string) => `clusterproxy_${cluster}_${formats.indexOf(format) + 1}`;
  return {
    http: [
      ...telling.flatMap((variable) => mapLines(variable, cluster)),
      ...formats.map((format) => formatLine(nameOf(format), definitionOf(host, http, format), cluster)),
    ],
    server: logs.map((log) => {
      const [path = '', ...rest] = log;
      const options = rest.filter((word) => word.includes('='));
      return `access_log ${[path, nameOf(formatOf(log)), ...options].map(asWord).join(' ')};`;
    }),
  };
}

function textsOf({ args }: Directive): readonly string[] {
  return args.map(({ text }) => text);
}

function formatOf([, second]: readonly string[]): string {
  return second === undefined || second.includes('=') ? 'combined' : second;
}

function asWord(text: string): string {
  return /^[\w./:,=$-]+$/.test(text) ? text : quoted(text);
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/** The words behind a format's name: perhaps `escape=…`, and the parts of its text. */
function definitionOf(host: StepHost, http: readonly Directive[], format: string): readonly string[] {
  const elsewhere = filesAt(host, nginxFiles.read)
    .filter(({ path }) => path !== mainFile)
    .flatMap(({ path, text }) => understand(host, path, text, () => scanWalkable(text)));
  const found = [...http, ...elsewhere].find(
    ({ name, args }) => name === 'log_format' && args[0]?.text === format,
  );
  if (found !== undefined) return textsOf(found).slice(1);
  if (format === 'combined') return [combined];
  throw host.problem(
    'hardening-impossible',
    `hardening: masked_logs: the format ${format} of nginx's access_log wasn't found in ${mainFile}, nor in the files that it usually includes`,
    `put the line log_format ${format} into ${mainFile}, or take masked_logs out of \`hardening\``,
  );
}

function formatLine(name: string, words: readonly string[], cluster: string): string {
  const options = words.filter((word) => /^escape=/.test(word));
  const text = words.filter((word) => !options.includes(word)).join('');
  return `log_format ${[name, ...options, quoted(maskedText(text, cluster))].join(' ')};`;
}

/** Every variable of the format that may hold a token, in either way to write one. */
function maskedText(text: string, cluster: string): string {
  return text
    .replace(/\$\{?arg_sessiontoken\b\}?/gi, '***')
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
      const variable = (braced ?? bare ?? '').toLowerCase();
      return telling.some((one) => one === variable) ? `\${${maskedName(variable, cluster)}}` : whole;
    });
}

function maskedName(variable: string, cluster: string): string {
  return `${nginxName(cluster)}_${variable}`;
}

/** With one token, the rest is kept; what follows a first one with another behind it is left out. */
function mapLines(variable: string, cluster: string): readonly string[] {
  const name = maskedName(variable, cluster);
  const token = 'sessionToken(?:=|%3D)';
  return [
    `map $${variable} $${name} {`,
    `    default $${variable};`,
    `    "~*^(.*?${token}).*sessionToken" "$1***";`,
    `    "~*^(.*?${token})(?:[^& #%]|%(?!26))*(.*)$" "$1***$2";`,
    '}',
  ];
}
