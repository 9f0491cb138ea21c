import {
  absent,
  type ClusterSeen,
  found,
  type HostSeen,
  type HostTrouble,
  notApplicable,
  type Reached,
  unknown,
} from './seen.ts';

/** The names by which a host is asked. */
function ownNames({ hostname, isDoor }: HostSeen, cluster: ClusterSeen): readonly string[] {
  return [
    ...(isDoor && cluster.hostname !== undefined ? [cluster.hostname] : []),
    ...(hostname === undefined ? [] : [hostname]),
  ];
}

/**
 * Names that browsers and hosts ask for have to resolve here and on the hosts. That the answers differ is no
 * trouble: many networks answer differently inside and outside.
 */
export const nameUnresolved: HostTrouble = {
  id: 'name-unresolved',
  title: 'a name does not resolve',
  judge: (host, cluster) => {
    const names = ownNames(host, cluster);
    if (names.length === 0) return notApplicable;
    const here = names.filter((name) => cluster.names.get(name)?.addresses?.length === 0);
    const elsewhere = cluster.hosts.flatMap(({ name: at, snapshot }) =>
      names
        .filter((name) => snapshot.names.get(name)?.length === 0 && asksFor(name, at, host, cluster))
        .map((name) => `${name} does not resolve on ${at}`),
    );
    if (here.length + elsewhere.length === 0) {
      return names.some((name) => cluster.names.get(name)?.addresses === undefined)
        ? unknown('this machine could not ask the DNS')
        : absent;
    }
    return found(
      [...here.map((name) => `${name} does not resolve on this machine`), ...elsewhere].join('; '),
      'whoever asks for it gets nothing; an nginx that has to relay to it does not even reload',
      `add a record for ${here[0] ?? names[0]} to the DNS, then see what it answers: dig +short ${here[0] ?? names[0]}`,
    );
  },
};

/** Hosts ask for their own names, and doors for those of all hosts. */
function asksFor(name: string, at: string, owner: HostSeen, { hosts, hostname }: ClusterSeen): boolean {
  const asking = hosts.find((host) => host.name === at);
  return asking === owner || (asking?.isDoor === true && name !== hostname);
}

/** An address that is on another host of the cluster and not on this one. */
export const nameOfAnotherHost: HostTrouble = {
  id: 'name-of-another-host',
  title: 'its name leads to another host',
  judge: (host, cluster) => {
    const { hostname, surroundings } = host;
    const addresses = hostname === undefined ? undefined : cluster.names.get(hostname)?.addresses;
    if (hostname === undefined || addresses === undefined || addresses.length === 0) return notApplicable;
    if (surroundings === undefined) return unknown('its own addresses could not be found out');
    if (addresses.some((address) => surroundings.addresses.includes(address))) return absent;
    const other = cluster.hosts.find(
      (one) => one !== host && addresses.some((address) => one.surroundings?.addresses.includes(address)),
    );
    if (other === undefined) return absent;
    return found(
      `${hostname} has ${addresses.join(', ')}, which is on ${other.name}`,
      'users who are sent to this host arrive at the other one, where their meeting is not',
      `correct the records of ${hostname} in the DNS`,
    );
  },
};

/** Browsers try IPv6 first, and each of them waits before it tries IPv4 (RFC 8305). */
export const deadIpv6: HostTrouble = {
  id: 'dead-ipv6',
  title: 'nothing answers at its IPv6 address',
  judge: (host, cluster) => {
    const asked = ownNames(host, cluster).flatMap((name) => {
      const { ipv4, ipv6 = new Map<string, Reached>() } = cluster.names.get(name) ?? {};
      return [...ipv6].map(([address, reached]) => ({ name, address, reached, ipv4 }));
    });
    if (asked.length === 0) return notApplicable;
    const dead = asked.filter((one) => isDead(one, host));
    const [first] = dead;
    if (first === undefined) {
      return asked.every(({ reached }) => reached === 'answers')
        ? absent
        : unknown("this machine can't tell, as its own IPv6 doesn't get that far");
    }
    return found(
      dead
        .map(({ name, address }) => `${name} has the IPv6 address ${address}, where port 443 is closed`)
        .join('; '),
      'browsers with IPv6 wait for it at each request, or get nothing at all',
      `remove the AAAA record of ${first.name}, or let the web server listen on [::]:443 and the firewall let it through`,
    );
  },
};

/**
 * Where IPv4 doesn't answer either, the server is down, which isn't the record's fault. No answer at all may
 * be due to a network in between, unless the address isn't even on the host.
 */
function isDead(
  {
    address,
    reached,
    ipv4,
  }: { readonly address: string; readonly reached: Reached; readonly ipv4: Reached | undefined },
  { surroundings }: HostSeen,
): boolean {
  if (ipv4 !== 'answers') return false;
  return (
    reached === 'refuses' ||
    (reached === 'silent' && surroundings !== undefined && !surroundings.addresses.includes(address))
  );
}
