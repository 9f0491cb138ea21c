import { absent, bySurroundings, found, type HostTrouble, notApplicable } from './seen.ts';

export const halfConfigured: HostTrouble = {
  id: 'package-half-configured',
  title: 'packages are not installed to the end',
  judge: bySurroundings(({ halfConfigured: names }) => {
    if (names === undefined) return notApplicable;
    if (names.length === 0) return absent;
    return found(
      `dpkg --audit names ${listed(names)}`,
      'their files are in place but not set up, and every later installation fails at them',
      'dpkg --configure -a && apt-get --fix-broken install',
    );
  }),
};

export const fileBeside: HostTrouble = {
  id: 'package-file-beside',
  title: "a package's new configuration lies beside the one in use",
  judge: bySurroundings(({ beside }) => {
    const [first] = beside;
    if (first === undefined) return absent;
    const inUse = first.replace(/\.[a-z]+$/, '');
    return found(
      listed(beside),
      'an upgrade brought settings that are not in use, and some of them may be needed',
      `diff ${inUse} ${first}, take over what is needed, then rm ${first}`,
    );
  }),
};

export const rebootRequired: HostTrouble = {
  id: 'reboot-required',
  title: 'the host waits for a reboot',
  judge: bySurroundings(({ reboot }) => {
    if (reboot === undefined) return absent;
    return found(
      reboot.length === 0 ? '/run/reboot-required exists' : `upgraded and not in use: ${listed(reboot)}`,
      'it runs with a kernel or libraries that are out of date, and whoever reboots it may do so in class',
      'reboot, once nobody is on this host',
    );
  }),
};

/** Perl: `$nrconf{restart} = 'a';`; needrestart(1), README.batch.md. */
export const needrestart: HostTrouble = {
  id: 'needrestart-automatic',
  title: 'services are restarted by themselves after upgrades',
  judge: bySurroundings(({ needrestart: lines }, { units }) => {
    const settings = lines.flatMap((line) => /^\$nrconf\{restart\}\s*=\s*['"](\w)['"]/.exec(line)?.[1] ?? []);
    if (settings.at(-1) !== 'a') return absent;
    // Somebody has thought of it: one of the names in the list of exceptions is a service's of this host.
    const excepted = lines.flatMap((line) => /qr\(\W*([\w-]{3,})/.exec(line)?.[1] ?? []);
    if (excepted.some((name) => units.some((unit) => unit.includes(name)))) return absent;
    return found(
      "needrestart has $nrconf{restart} = 'a'",
      'an upgrade of any library restarts the services that use it, in the middle of a class',
      `echo "\\$nrconf{restart} = 'l';" > /etc/needrestart/conf.d/zz-no-restarts.conf`,
    );
  }),
};

/**
 * `*` as origin or site takes every repository in, the product's too: apt.conf(5), and 50unattended-upgrades.
 */
export const unattendedUpgrades: HostTrouble = {
  id: 'unattended-upgrades',
  title: 'everything is upgraded by itself',
  judge: bySurroundings(({ apt, dnfAutomatic }, { snapshot }) => {
    const timers = ['dnf-automatic.timer', 'dnf-automatic-install.timer'];
    if (dnfAutomatic && timers.some((unit) => snapshot.units.get(unit)?.active === 'active')) {
      return found(
        '/etc/dnf/automatic.conf has apply_updates = yes',
        'an upgrade of the product itself comes at any time, with a restart, and may replace its files',
        'systemctl disable --now dnf-automatic.timer dnf-automatic-install.timer',
      );
    }
    const isOn = apt.some(
      ([option, value]) => option === 'APT::Periodic::Unattended-Upgrade' && value !== '0',
    );
    const wide = apt.find(
      ([option, value]) =>
        /^Unattended-Upgrade::(?:Allowed-Origins|Origins-Pattern)$/.test(option) &&
        /^(?:\*:\*|(?:origin|o|site)=\*)$/.test(value.trim()),
    );
    if (!isOn || wide === undefined) return absent;
    return found(
      `${wide[0]} has "${wide[1]}", which every repository matches`,
      'an upgrade of the product itself comes at any time, with a restart, and may replace its files',
      'name single origins in /etc/apt/apt.conf.d/50unattended-upgrades, such as that of security updates',
    );
  }),
};

/** Of many the first few. */
export function listed(names: readonly string[]): string {
  const most = 5;
  const more = names.length - most;
  return names.slice(0, most).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
