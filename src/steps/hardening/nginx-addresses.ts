/**
 * A `map` by which a variable has what counts as one address: IPv4 as it is, and IPv6 by its first 64 bits,
 * since a line gets as many addresses as that at least (RFC 6177), and its machines change theirs all day
 * (RFC 8981). nginx writes the longest row of two or more zero groups as `::` (ngx_inet6_ntop), so that the
 * same 64 bits come in several forms; each line is one of them. An address of IPv4 within IPv6 has dots.
 */
export function addressLines(variable: string): readonly string[] {
  const group = '([0-9a-f]+)';
  const four = '(?::[0-9a-f]+){4}$';
  const forms = [
    [`^${[group, group, group, group].join(':')}:`, '$1:$2:$3:$4'],
    [`^${[group, group, group].join(':')}::`, '$1:$2:$3:0'],
    [`^${group}:${group}::`, '$1:$2:0:0'],
    [`^${group}::${group}${four}`, '$1:0:0:$2'],
    [`^${group}::`, '$1:0:0:0'],
    [`^::${group}:${group}${four}`, '0:0:$1:$2'],
    [`^::${group}${four}`, '0:0:0:$1'],
    ['^::[0-9a-f:]*$', '0:0:0:0'],
  ] as const;
  return [
    `map $remote_addr ${variable} {`,
    '    default $binary_remote_addr;',
    ...forms.map(([form, prefix]) => `    "~${form}" ${prefix};`),
    '}',
  ];
}
