import type { Today } from '../../model/today.ts';
import { ownLine } from '../../secrets/showable.ts';
import { cleanName } from './harmless.ts';
import { guardDocument } from './host.ts';
import type { ReportDocument } from './schema.ts';

/** Whether the cluster may be changed at this moment. */
export function todayDocument(today: Today | undefined): Pick<ReportDocument, 'today'> {
  if (today === undefined) return {};
  const { now, zone, zoneFrom, may, window, atWork, roles, people, edited, certificates, reboots } = today;
  return {
    today: {
      ...{ now, timeZone: zone, timeZoneFrom: zoneFrom, may },
      window: {
        ...{ rule: window.rule, open: window.open },
        ...(window.closes === undefined ? {} : { closes: window.closes }),
        ...(window.opens === undefined ? {} : { opens: window.opens }),
      },
      atWork: atWork.map(cleanName),
      roles: roles.map(({ role, hosts, maxUnavailable, out }) => ({
        ...{ role: cleanName(role), hosts, maxUnavailable },
        out: out.map(({ host, why }) => ({ name: cleanName(host), why: ownLine(why) })),
      })),
      people: people.map(({ host, guards }) => ({
        name: cleanName(host),
        guards: guards.map(guardDocument),
      })),
      edited: edited.map(({ host, at }) => ({ name: cleanName(host), at })),
      certificates: certificates.map(({ name, hosts, begins, ends, endsSoon, due, renewer }) => ({
        ...{ name: cleanName(name), hosts: hosts.map(cleanName) },
        ...{ begins, ends, endsSoon, due },
        ...(renewer === undefined ? {} : { renewer: ownLine(renewer) }),
      })),
      reboots: reboots.map(({ host, packages }) => ({
        name: cleanName(host),
        packages: packages.map(cleanName),
      })),
    },
  };
}
