/** An answer of HAProxy itself, as a rule for requests; 2.2 and later. */
export function answer(status: number, words: string): string {
  return `http-request return status ${status} content-type text/plain string "${words}\\n"`;
}

/**
 * Refuses requests whose path somebody may read otherwise than HAProxy does, which compares and forwards it
 * as it is: dots as a segment, also escaped, behind a backslash or before the parameters of the segment
 * (`..;`, which servers of Java take off); what can't be unescaped; a null byte, at which some regular
 * expressions stop; and a fragment, which no browser sends. nginx answers 400 to most of these as well.
 */
export const refuseTricks: readonly string[] = [
  "acl is_trick path,url_dec -m reg '(^|[/\\\\])[.][.]?([/\\\\;]|$)'",
  'acl is_trick path -m sub %00',
  "acl is_trick url -m sub '#'",
  'acl is_readable path,url_dec -m found',
  `${answer(400, 'Bad request')} if is_trick or !is_readable`,
];

/**
 * Whether a request is for a host, in whatever letters, with or without a port and the dot at the end of a
 * full name; as conditions of a rule.
 */
export function forHost(hostname: string): string {
  return `req.fhdr(host) -m reg -i ^${literal(hostname)}[.]?(:[0-9]+)?$`;
}

/** Plain letters in a regular expression; without backslashes, which HAProxy reads first. */
export function literal(text: string): string {
  return text.replace(/[.]/g, '[.]');
}
