import { hidden } from './hidden.ts';
import { mustHide } from './plain-value.ts';

/**
 * How secrets on a line are recognized. `form`: by what they look like, whatever their name. `name`: by a
 * name beside them, in a notation that isn't `key = value` (for that one see mask-keys.ts).
 */
export interface FormRule {
  readonly id: string;
  readonly by: 'form' | 'name';
  readonly hide: (line: string) => string;
}

/** Repetitions are bounded, so that a file with one endless line can't make them take quadratic time. */
export const formRules = [
  {
    // `scheme://user:password@` (RFC 3986, 3.2.1), where a port isn't mistaken for a password.
    id: 'user-information',
    by: 'form',
    hide: (line) =>
      line.replace(
        /((?<![a-z\d+.-])[a-z][a-z\d+.-]{0,20}:\/\/[^\s:/@"'<>[]{0,200}:)(?!\d{1,5}(?:[/?#\s"']|$))[^\s"'<>]{1,500}@/gi,
        `$1${hidden}@`,
      ),
  },
  {
    // A token in the place of the user, as git hosts take it: long, and with a digit.
    id: 'token-as-user',
    by: 'form',
    hide: (line) =>
      line.replace(/((?<![a-z\d+.-])https?:\/\/)(?=[\w-]{0,200}\d)[\w-]{16,200}@/gi, `$1${hidden}@`),
  },
  {
    id: 'authorization',
    by: 'form',
    hide: (line) =>
      line.replace(/\b(Basic|Bearer)( +)(?=[\w+/=.-]{0,200}[\d=.+/])[\w+/=.-]{8,}/g, `$1$2${hidden}`),
  },
  {
    id: 'json-web-token',
    by: 'form',
    hide: (line) => line.replace(/(?<![\w-])eyJ[\w-]{8,4000}\.[\w-]{1,8000}(?:\.[\w-]*)?/g, hidden),
  },
  {
    // Anyone who has it can repeat the call of BigBlueButton's API.
    id: 'checksum',
    by: 'form',
    hide: (line) => line.replace(/([?&]checksum=)[^&\s"']+/gi, `$1${hidden}`),
  },
  {
    id: 'statistics-of-haproxy',
    by: 'form',
    hide: (line) => line.replace(/^(\s*stats\s+auth\s+[^\s:]+:)\S+/, `$1${hidden}`),
  },
  {
    id: 'user-of-haproxy',
    by: 'form',
    hide: (line) => line.replace(/^(\s*user\s+\S+\s+(?:insecure-)?password\s+)\S+/, `$1${hidden}`),
  },
  {
    id: 'xml-attributes',
    by: 'name',
    hide: (line) =>
      line.replace(
        /(<[^<>]{0,200}\b(?:name|key)=["']([^"'<>]{1,100})["'][^<>]{0,200}\bvalue=(["']))(.{0,2000}?)(\3)/g,
        (whole, start: string, name: string, _quote: string, value: string, end: string) =>
          hideIfSecret(whole, start, name, value, end),
      ),
  },
  {
    id: 'xml-attributes-value-first',
    by: 'name',
    hide: (line) =>
      line.replace(
        /(<[^<>]{0,200}\bvalue=(["']))([^"'<>]{0,2000})(\2[^<>]{0,200}\b(?:name|key)=["']([^"'<>]{1,100})["'])/g,
        (whole, start: string, _quote: string, value: string, end: string, name: string) =>
          hideIfSecret(whole, start, name, value, end),
      ),
  },
  {
    id: 'xml-element',
    by: 'name',
    hide: (line) => line.replace(/(<([A-Za-z][\w.-]{0,100})>)([^<]{1,4000})(<\/\2>)/g, hideIfSecret),
  },
  {
    // Java's properties as XML, Spring's beans.
    id: 'xml-element-by-attribute',
    by: 'name',
    hide: (line) =>
      line.replace(
        /(<[A-Za-z][\w.:-]{0,100}\s[^<>]{0,200}?\b(?:name|key)=["']([^"'<>]{1,100})["'][^<>/]{0,200}>)([^<]{1,4000})(<\/)/g,
        hideIfSecret,
      ),
  },
  {
    id: 'variable-of-nginx',
    by: 'name',
    hide: (line) =>
      line.replace(/^(\s*set\s+\$(\w+)\s+)(\S.*)$/, (whole, start: string, name: string, value: string) =>
        mustHide(name, value) && !/^\$\w+;?$/.test(value) ? `${start}${hidden}` : whole,
      ),
  },
  {
    // nginx's `proxy_set_header NAME VALUE`, HAProxy's `set-header NAME VALUE` and `hdr NAME VALUE`.
    id: 'header-directive',
    by: 'name',
    hide: (line) =>
      line.replace(
        /((?:proxy_set_header|more_set_headers|set-header|add-header|add_header|hdr)\s+["']?([\w-]+)["']?\s+)(\S.*)$/,
        (whole, start: string, name: string, value: string) =>
          mustHide(name, value.replace(/ always(?=;?$)/, '')) && !/^\$\w+;?$/.test(value)
            ? `${start}${hidden}`
            : whole,
      ),
  },
  {
    id: 'command-line-option',
    by: 'name',
    hide: (line) =>
      line.replace(
        /(\s--?([A-Za-z][\w-]{0,60}) +)([^\s-]\S*)/g,
        (whole, start: string, name: string, value: string) =>
          mustHide(name, value) ? `${start}${hidden}` : whole,
      ),
  },
] as const satisfies readonly FormRule[];

/** A line with the secrets hidden that rules of one kind, or of both, recognize. */
export function maskForms(line: string, by: 'form' | 'both'): string {
  return formRules.reduce((text, rule) => (by === 'both' || rule.by === by ? rule.hide(text) : text), line);
}

function hideIfSecret(whole: string, start: string, name: string, value: string, end: string): string {
  return mustHide(name, value) ? `${start}${hidden}${end}` : whole;
}
