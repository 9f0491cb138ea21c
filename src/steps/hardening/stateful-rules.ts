/** A rule that needs the kernel to track connections, or what will load such rules. */
export interface StatefulRule {
  /** where it is, such as `nft, table ip filter, chain INPUT` */
  readonly place: string;
  /** the rule, as its program shows it */
  readonly rule: string;
}

const targets = 'MASQUERADE|SNAT|DNAT|REDIRECT|NETMAP|CONNMARK|CONNSECMARK|SYNPROXY|CT';
const matches = 'state|conntrack|connmark|connbytes|connlimit|connlabel|cluster|helper';

/** Of nft(8), and of iptables' extensions that it shows as such. */
const ofNft = new RegExp(
  [
    ...[
      '(?:^|\\s)ct\\s',
      '\\b(?:masquerade|snat|dnat|redirect|synproxy)\\b',
      '\\bflow\\s+(?:add|offload)\\b',
    ],
    // With quotes or without, by its version.
    `\\b(?:match|target) "?(?:${matches}|${targets})\\b`,
  ].join('|'),
);

/** Of iptables-save(8). `CT --notrack` asks for less tracking. */
const ofIptables = new RegExp(`-m (?:${matches})\\b|-j (?:${targets})\\b(?!.*--notrack)`);

/** The first rule of `nft list ruleset`, or of a file for nft(8), that uses connections' state or NAT. */
export function statefulInNft(text: string, program = 'nft'): StatefulRule | undefined {
  let [table, chain] = ['', ''];
  for (const line of text.split('\n')) {
    const bare = line.replace(/\bcomment\s+"[^"]*"/g, '').replace(/^\s*#.*$/, '');
    const [, kind, name = ''] = /^\s*(table|chain)\s+([^{]*?)\s*(?:\{|$)/.exec(bare) ?? [];
    if (kind === 'table') [table, chain] = [name, ''];
    if (kind === 'chain') chain = name;
    const words = kind === undefined ? bare.replace(/\b(?:jump|goto)\s+\S+/, '') : bare.replace(/^.*?\{/, '');
    if (!ofNft.test(words)) continue;
    const where = [program, table && `table ${table}`, chain && `chain ${chain}`].filter(Boolean);
    return { place: where.join(', '), rule: line.trim() };
  }
  return undefined;
}

/** The same of iptables-save(8), or of a file for iptables-restore(8). */
export function statefulInIptables(text: string, program: string): StatefulRule | undefined {
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    if (line.startsWith('-A') && ofIptables.test(line))
      return { place: `${program}, table ${table}`, rule: line.trim() };
  }
  return undefined;
}

/** Whose rule it probably is, in words for an operator; undefined: nobody's that is known. */
export function managerOf({ place, rule }: StatefulRule): string | undefined {
  const managers = { firewalld: /firewalld/, ufw: /\bufw6?-/, Docker: /docker/i, libvirt: /LIBVIRT|virbr/ };
  const found = Object.entries(managers).find(([, sign]) => sign.test(`${place} ${rule}`));
  return found?.[0];
}
