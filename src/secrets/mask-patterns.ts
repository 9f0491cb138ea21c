import { hidden } from './hidden.ts';
import { mustHide } from './plain-value.ts';

/**
 * Secrets that are recognized by their form. Repetitions are bounded, so that a host's file with one endless
 * line can't make the expressions take quadratic time.
 */
export function maskPatterns(line: string): string {
  return line
    .replace(userInformation, `$1${hidden}@`)
    .replace(/\b(Basic|Bearer)( +)(?=[\w+/=.-]{0,200}[\d=.+/])[\w+/=.-]{8,}/g, `$1$2${hidden}`)
    .replace(/(?<![\w-])eyJ[\w-]{8,4000}\.[\w-]{1,8000}(?:\.[\w-]*)?/g, hidden)
    .replace(/([?&]checksum=)[^&\s"']+/gi, `$1${hidden}`)
    .replace(/^(\s*stats\s+auth\s+[^\s:]+:)\S+/, `$1${hidden}`)
    .replace(/^(\s*user\s+\S+\s+(?:insecure-)?password\s+)\S+/, `$1${hidden}`)
    .replace(/(<[^<>]{0,200}\bname="([^"<>]{1,100})"[^<>]{0,200}\bvalue=")([^"]{0,2000})(")/g, maskIfSecret)
    .replace(/(<([A-Za-z][\w.-]{0,100})>)([^<]{1,4000})(<\/\2>)/g, maskIfSecret)
    .replace(headerDirective, (whole, start: string, name: string, value: string) =>
      mustHide(name, value.replace(/ always(?=;?$)/, '')) && !/^\$\w+;?$/.test(value)
        ? `${start}${hidden}`
        : whole,
    )
    .replace(
      /(\s--?([A-Za-z][\w-]{0,60}) +)([^\s-]\S*)/g,
      (whole, start: string, name: string, value: string) =>
        mustHide(name, value) ? `${start}${hidden}` : whole,
    );
}

/** `scheme://user:password@`, where a port isn't mistaken for a password. */
const userInformation =
  /((?<![a-z\d+.-])[a-z][a-z\d+.-]{0,20}:\/\/[^\s:/@"'<>[]{0,200}:)(?!\d{1,5}(?:[/?#\s"']|$))[^\s"'<>]{1,500}@/gi;

/** nginx's `proxy_set_header NAME VALUE`, HAProxy's `set-header NAME VALUE` and `hdr NAME VALUE` */
const headerDirective =
  /((?:proxy_set_header|more_set_headers|set-header|add-header|add_header|hdr)\s+["']?([\w-]+)["']?\s+)(\S.*)$/;

function maskIfSecret(whole: string, start: string, name: string, value: string, end: string): string {
  return mustHide(name, value) ? `${start}${hidden}${end}` : whole;
}
