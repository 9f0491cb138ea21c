import { listed } from './packages.ts';
import { absent, bySurroundings, found, type HostTrouble, notApplicable } from './seen.ts';

/** What every cluster stands on, whatever its product is. */
const always = new Set(
  [
    ...['nginx', 'haproxy', 'xinetd', 'coturn', 'redis', 'redis-server', 'ssh', 'sshd', 'certbot', 'ufw'],
    ...[
      'certbot-renew',
      'chrony',
      'chronyd',
      'systemd-timesyncd',
      'systemd-resolved',
      'nftables',
      'firewalld',
    ],
  ].map((name) => `${name}.service`),
);

const up = ['active', 'activating', 'reloading'];

/** One that has failed elsewhere, such as that of a printer, is none of the cluster's troubles. */
export const serviceDown: HostTrouble = {
  id: 'service-down',
  title: 'a service does not run',
  judge: ({ snapshot, units, needed }) => {
    const failed = snapshot.failedUnits.filter((unit) => always.has(unit) || units.includes(unit));
    const down = needed.filter((unit) => {
      const state = snapshot.units.get(unit);
      return state?.load === 'loaded' && !up.includes(state.active) && !failed.includes(unit);
    });
    const [first] = [...failed, ...down];
    if (first === undefined) return absent;
    return found(
      [
        ...(failed.length === 0 ? [] : [`failed: ${listed(failed)}`]),
        ...(down.length === 0 ? [] : [`not active: ${listed(down)}`]),
      ].join('; '),
      'systemd gave up starting it, at boot or since, or somebody stopped it; what needs it does not work',
      `journalctl -b -u ${first} -n 50, then systemctl restart ${first}`,
    );
  },
};

export const setBack: HostTrouble = {
  id: 'settings-put-back',
  title: 'settings of the cluster are gone',
  judge: ({ setBack: names }) => {
    if (names.length === 0) return absent;
    return found(
      `as before the first run: ${listed(names)}`,
      "an upgrade brought the package's own file back, or somebody undid what a run had set",
      'clusterproxy plan, then clusterproxy apply',
    );
  },
};

/** selinux(8), httpd_selinux(8), haproxy_selinux(8): what lets a door connect to other hosts. */
export const selinuxForbids: HostTrouble = {
  id: 'selinux-forbids',
  title: 'SELinux keeps it from connecting to other hosts',
  judge: bySurroundings(({ selinux, booleans }, { isDoor, units, snapshot }) => {
    const isActive = (unit: string) => units.includes(unit) && snapshot.units.get(unit)?.active === 'active';
    const relays = isActive('haproxy.service') && !isActive('nginx.service');
    const boolean = relays ? 'haproxy_connect_any' : 'httpd_can_network_connect';
    const value = booleans.get(boolean);
    if (!isDoor || !selinux || value === undefined) return notApplicable;
    if (value) return absent;
    return found(
      `SELinux is enforcing, and ${boolean} is off`,
      'it can relay to no node, and users see 502 or 503',
      `setsebool -P ${boolean} 1`,
    );
  }),
};
