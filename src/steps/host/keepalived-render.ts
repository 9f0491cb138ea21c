import { isIP } from 'node:net';
import type { InterfaceAddress } from '../../model/interface-addresses.ts';

/** One host's part in moving an address. */
export interface Vrrp {
  readonly step: string;
  /** of the instance and its script; unique on the host */
  readonly name: string;
  readonly address: string;
  readonly interface: string;
  readonly routerId: number;
  readonly priority: number;
  readonly preempt: boolean;
  readonly own: InterfaceAddress;
  readonly peers: readonly string[];
  /** asks whether this host should have the address: exit status 0, or anything else */
  readonly program: readonly string[];
  readonly user: string;
  /** what root runs once this host has the address; empty: nothing */
  readonly onMaster: string;
  /** whether keepalived's global settings are nobody else's */
  readonly secure: boolean;
}

/**
 * Seconds. A backup takes over when it has heard nothing for three advertisements and a share of one that is
 * the smaller the higher its priority (RFC 9568, 6.1), so after less than 1.6 seconds. Only version 3 of the
 * protocol knows fractions of a second.
 */
const advertisement = 0.4;

/**
 * Seconds between two questions, and for each address that one is sent to; how many wrong answers in a row
 * give the address away, and how many right ones make a host fit for it again.
 */
const asking = { every: 1, perAddress: 2, fall: 2, rise: 3 };

/**
 * A file for keepalived 2.0 and later. All hosts begin as backups, so that one that starts while another has
 * the address takes it from nobody. Source: keepalived.conf(5).
 */
export function renderVrrp(wanted: Vrrp): string {
  const { name, address, own } = wanted;
  const length = isIP(address) === 6 ? 128 : 32;
  return `# Written by clusterproxy, step ${wanted.step}: edits get lost.
${wanted.secure ? secured : ''}vrrp_script ${name} {
    script "${wanted.program.join(' ')}"
    user ${wanted.user}
    interval ${asking.every}
    timeout ${asking.perAddress * (1 + wanted.peers.length) + 1}
    fall ${asking.fall}
    rise ${asking.rise}
}

vrrp_instance ${name} {
    state BACKUP
${wanted.preempt ? '    preempt_delay 30' : '    nopreempt'}
    interface ${own.interface}
    version 3
    virtual_router_id ${wanted.routerId}
    priority ${wanted.priority}
    advert_int ${advertisement}
    # Again after a second, as many systems take no second answer within one, and every minute.
    garp_master_delay 1
    garp_master_refresh 60
    unicast_src_ip ${own.address}
    unicast_peer {
${wanted.peers.map((peer) => `        ${peer}\n`).join('')}    }
    virtual_ipaddress {
        ${address}/${length} dev ${wanted.interface}
    }
    track_script {
        ${name}
    }
${wanted.onMaster === '' ? '' : `    notify_master "${wanted.onMaster}" root\n`}}
`;
}

const secured = `global_defs {
    enable_script_security
}

`;

/** The number of a virtual router whose operator named none: 1 to 255, from the last part of the address. */
export function routerIdOf(address: string): number {
  const family = isIP(address);
  const last = address.slice(address.lastIndexOf(family === 6 ? ':' : '.') + 1);
  const number = Number.parseInt(last || '0', family === 6 ? 16 : 10);
  return number % 256 || 255;
}

/** The first host of the role comes first where several could have the address. */
export function priorityOf(place: number): number {
  return Math.max(1, 200 - 10 * place);
}
