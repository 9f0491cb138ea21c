import type { Answer } from '../model/reads.ts';

/** A file system that services write to; sizes in KiB. */
export interface Disk {
  readonly mount: string;
  readonly size: number;
  readonly free: number;
  /** 0 where it has no fixed number of inodes, as btrfs */
  readonly inodes: number;
  readonly freeInodes: number;
}

/** What tells a certificate from its successor. */
export interface Certificate {
  readonly serial: string;
  /** milliseconds since the epoch */
  readonly validFrom: number;
  readonly validTo: number;
  /** the organization that issued it; '' where the certificate names none */
  readonly organization: string;
}

interface Named {
  /** the name that was asked for; of certbot's, that under which it keeps it */
  readonly name: string;
  /** as they stand in it; none where the host's openssl(1) doesn't tell them */
  readonly names?: readonly string[];
}

/** What src/host/remote/surroundings.sh found on a host. */
export interface Surroundings {
  readonly disks: readonly Disk[];
  /** files that a package left beside ours */
  readonly beside: readonly string[];
  /** undefined where the host has no dpkg */
  readonly halfConfigured: readonly string[] | undefined;
  /** packages that ask for a reboot; undefined if none does */
  readonly reboot: readonly string[] | undefined;
  /** lines of its configuration that matter; undefined if it isn't configured there */
  readonly needrestart: readonly string[];
  /** options of apt.conf(5) about unattended upgrades, each with a value */
  readonly apt: readonly (readonly [option: string, value: string])[];
  readonly dnfAutomatic: boolean;
  /** whether it is enforcing */
  readonly selinux: boolean;
  /** those of SELinux that a door depends on, where the host has it */
  readonly booleans: ReadonlyMap<string, boolean>;
  /** the host's own addresses, without those of the loopback */
  readonly addresses: readonly string[];
  /** what is shown on its ports when it is asked for a name */
  readonly shown: readonly (Certificate & Named & { readonly port: number })[];
  /** what certbot has for a name */
  readonly lineages: readonly (Certificate & Named)[];
  /** which daemons use what certbot renews, and for HAProxy at which port it shows one */
  readonly uses: readonly { readonly daemon: string; readonly name: string; readonly port?: number }[];
  /** daemons that are reloaded after a renewal, or every now and then; `?`: a program that may do anything */
  readonly reloads: readonly string[];
}

const separator = '\u001f';

/** Undefined if the program did not come to its end, so that nothing is known. */
export function readSurroundings(answer: Answer | undefined): Surroundings | undefined {
  const lines = (answer?.output ?? '').split('\n').map((line): readonly [string, string] => {
    const at = line.indexOf(separator);
    return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
  });
  if (!lines.some(([key]) => key === 'end')) return undefined;
  const values = (wanted: string) => lines.flatMap(([key, value]) => (key === wanted ? [value.trim()] : []));
  const namesOf = (key: string, whose: string) => {
    const line = values(key).find((one) => one.startsWith(`${whose} `));
    return namesIn(line?.slice(whose.length) ?? '');
  };
  const [reboot] = values('reboot');
  const names = values('half-configured').map((line) => line.split(/\s+/)[0] ?? '');
  return {
    disks: readDisks(values('disk')),
    beside: values('beside'),
    halfConfigured:
      values('packages').length === 0 ? undefined : [...new Set(names)].filter((name) => name !== ''),
    reboot:
      reboot === undefined ? undefined : [...new Set(reboot.split(/\s+/))].filter((name) => name !== ''),
    needrestart: values('needrestart'),
    apt: values('apt').map((line) => {
      const [option = '', ...rest] = line.split(' ');
      return [option, rest.join(' ')] as const;
    }),
    dnfAutomatic: values('dnf-automatic').length > 0,
    selinux: values('selinux').length > 0,
    booleans: new Map(
      values('boolean').map((line) => {
        const [name = '', value] = line.split(' ');
        return [name, value === '1'] as const;
      }),
    ),
    addresses: values('address'),
    shown: values('shown').flatMap((line) => {
      const [name = '', port = '', rest] = splitTwice(line);
      const names = namesOf('shown-names', `${name} ${port}`);
      return readCertificate(rest).map((one) => ({ ...one, name, names, port: Number(port) }));
    }),
    uses: values('uses').map((line) => {
      const [daemon = '', name = '', port] = line.split(' ');
      return { daemon, name, ...(port === undefined ? {} : { port: Number(port) }) };
    }),
    reloads: [...new Set(values('reloads'))],
    lineages: values('lineage').flatMap((line) => {
      const [name = '', ...rest] = line.split(' ');
      const names = namesOf('lineage-names', name);
      return readCertificate(rest.join(' ')).map((one) => ({ ...one, name, names }));
    }),
  };
}

/** The first that is told of each file system. */
function readDisks(lines: readonly string[]): readonly Disk[] {
  const disks = new Map<string, Disk>();
  for (const line of lines) {
    const [, size, free, inodes, freeInodes, mount] =
      /^(\d+)\s+(\d+)\s+(\d+|-)\s+(\d+|-)\s+(.+)$/.exec(line) ?? [];
    if (mount === undefined || disks.has(mount)) continue;
    const number = (text: string | undefined) => (text === '-' ? 0 : Number(text));
    disks.set(mount, {
      ...{ mount, size: number(size), free: number(free) },
      ...{ inodes: number(inodes), freeInodes: number(freeInodes) },
    });
  }
  return [...disks.values()];
}

function splitTwice(line: string): readonly [string | undefined, string | undefined, string] {
  const [first, second, ...rest] = line.split(' ');
  return [first, second, rest.join(' ')];
}

/** `DNS:a.example.com, DNS:*.example.com, IP Address:192.0.2.1`, as x509v3_config(5) has it */
export function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/DNS:([^,\s]+)/g)].map(([, name = '']) => name.toLowerCase());
}

/** One or none: `SERIAL|Nov 26 08:00:00 2026 GMT|Feb 24 08:00:00 2027 GMT|CN=R3,O=Let's Encrypt,C=US` */
export function readCertificate(text: string): readonly Certificate[] {
  const [serial = '', from = '', to = '', issuer = ''] = text.split('|');
  const [validFrom, validTo] = [Date.parse(from), Date.parse(to)];
  if (serial === '' || Number.isNaN(validFrom) || Number.isNaN(validTo)) return [];
  const organization = /(?:^|,)O=((?:\\.|[^,\\])*)/.exec(issuer)?.[1] ?? '';
  return [{ serial, validFrom, validTo, organization }];
}
