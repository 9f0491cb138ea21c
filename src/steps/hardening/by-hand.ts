import { type HardeningItem, hardeningItems, hstsValue, serverHardening, slowClients } from './items.ts';

/**
 * What a proxy that somebody else runs has to be given for an operator's `hardening`, item by item in words:
 * nothing is hardened there otherwise.
 */
export function hardeningByHand(given: Readonly<Record<string, unknown>>): readonly string[] {
  const items = hardeningItems.filter((item) => Array.isArray(given.items) && given.items.includes(item));
  return items.map((item) => `${item}: ${wordsOf(item, given)}`);
}

function wordsOf(item: HardeningItem, given: Readonly<Record<string, unknown>>): string {
  const { header, body, send, idle } = slowClients;
  switch (item) {
    case 'connections': {
      const users = Number(given.expected_users) || 0;
      const many =
        users > 0 ? `as ${users} users need` : 'as your users need (say how many in `expected_users`)';
      return `allow as many connections and open files ${many}`;
    }
    case 'slow_clients':
      return `close connections whose request has no header within ${header} s, no more of its body for ${body} s, no answer read for ${send} s, or no further request within ${idle} s; never those of WebSockets`;
    case 'body_size':
      return 'refuse bodies of more than 1 MB; slides are uploaded to the nodes themselves';
    case 'server_tokens':
      return 'tell no version of a program in answers, neither your own nor that of a node (the header Server)';
    case 'tls':
      return "Mozilla's profile intermediate: TLS 1.2 and 1.3, with its ciphers (https://ssl-config.mozilla.org)";
    case 'hsts':
      return `add the header Strict-Transport-Security: ${hstsValue(serverHardening.parse(serverPart(given)))}`;
    case 'masked_logs':
      return 'log no values of sessionToken= in addresses and referrers';
    case 'backlog':
      return 'let more connections wait (net.core.somaxconn, net.ipv4.tcp_max_syn_backlog, and the backlog of the proxy itself), and answer floods by cookies (net.ipv4.tcp_syncookies)';
    case 'address_limits': {
      const { address_users: users } = serverHardening.parse(serverPart(given));
      return `limit connections and requests of each address, but never so that ${users} users of one address who come within three minutes are refused`;
    }
    case 'untracked':
      return 'have the kernel track no connections to ports 80 and 443 (notrack), unless a rule of the firewall goes by their state';
  }
}

/** Parameters that templates have filled in, which nobody has checked. */
function serverPart(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const names = ['hsts_max_age', 'hsts_subdomains', 'address_users'] as const;
  const known = names.filter((name) => serverHardening.unwrap().shape[name].safeParse(given[name]).success);
  return Object.fromEntries(
    known.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
}
