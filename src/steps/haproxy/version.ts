import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/** Asks which HAProxy is installed. */
export const askVersion: Query = { kind: 'command', args: ['haproxy', '-v'] };

/** The first that knows `pathq` and the rest of what is written; see renderHaproxy. */
const least = [2, 2] as const;

type Version = readonly [major: number, minor: number];

/** Which HAProxy is installed; undefined for one that a package will bring. */
export function installedVersion(host: StepHost): Version | undefined {
  const { status, output = '' } = host.answer(askVersion) ?? {};
  // Up to 2.3 it calls itself HA-Proxy.
  const [, major, minor] = /^HA-?Proxy version (\d+)\.(\d+)/m.exec(output) ?? [];
  if (status !== 0 || major === undefined || minor === undefined) return undefined;
  return [Number(major), Number(minor)];
}

/** Whether a version is that one or a later one; one that isn't known is not. */
export function isSince(version: Version | undefined, [major, minor]: Version): boolean {
  if (version === undefined) return false;
  return version[0] > major || (version[0] === major && version[1] >= minor);
}

/** Refuse a HAProxy that is too old for the file. One that a package will bring isn't known yet. */
export function checkVersion(host: StepHost): void {
  const version = installedVersion(host);
  if (version === undefined || isSince(version, least)) return;
  throw host.problem(
    'haproxy-too-old',
    `HAProxy ${version.join('.')} is installed here, and the configuration needs ${least.join('.')} or later`,
    `install a newer HAProxy on ${host.snapshot.host}, from the distribution's backports or by an upgrade of the distribution, then plan again`,
  );
}
