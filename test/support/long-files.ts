/**
 * Whether a sample is enough: with CLUSTERPROXY_SAMPLE=1, as `npm test` sets it. Everything is tried by
 * `npm run test:all`, which `.ci/run` uses, and where files or projects are named.
 */
export const sampling = process.env.CLUSTERPROXY_SAMPLE === '1' && process.env.CLUSTERPROXY_LONG !== '1';

/** Of as many parts a sample tries one; seeds that follow one another try all of them. */
export const parts = 16;

/**
 * Files that take long, with the seconds that each took beside others on two cores: hosts of their own tell
 * one story each, so that a file is the least that can be left out. Whoever adds one of more than a minute
 * names it here.
 */
export const longFiles: Readonly<Record<string, number>> = {
  'test/agent/agent.lab.test.ts': 62,
  'test/demo/demo.test.ts': 54,
  'test/e2e/antmedia.lab.test.ts': 377,
  'test/e2e/averox.lab.test.ts': 81,
  'test/e2e/certificate-switched.lab.test.ts': 145,
  'test/e2e/certificate-switched-pair.lab.test.ts': 175,
  'test/e2e/certified-pair.lab.test.ts': 200,
  'test/e2e/balancers-antmedia.lab.test.ts': 125,
  'test/e2e/balancers-wcs.lab.test.ts': 238,
  'test/e2e/clusters.lab.test.ts': 162,
  'test/e2e/door-metrics.lab.test.ts': 78,
  'test/e2e/doors.lab.test.ts': 147,
  'test/e2e/drain.lab.test.ts': 370,
  'test/e2e/failures.lab.test.ts': 154,
  'test/e2e/first-cluster.lab.test.ts': 60,
  'test/e2e/floods.lab.test.ts': 100,
  'test/e2e/front-end.lab.test.ts': 71,
  'test/e2e/guards.lab.test.ts': 168,
  'test/e2e/hardening.lab.test.ts': 260,
  'test/e2e/interrupted.lab.test.ts': 77,
  'test/e2e/main-job.lab.test.ts': 167,
  'test/e2e/meetings.lab.test.ts': 101,
  'test/e2e/order.lab.test.ts': 93,
  'test/e2e/over-the-years.lab.test.ts': 123,
  'test/e2e/packages.lab.test.ts': 115,
  'test/e2e/pair-by-command.lab.test.ts': 180,
  'test/e2e/pair-hand-over.lab.test.ts': 240,
  'test/e2e/pair-haproxy.lab.test.ts': 130,
  'test/e2e/pair-ipv6.lab.test.ts': 200,
  'test/e2e/pair-of-two-clusters.lab.test.ts': 165,
  'test/e2e/pair.lab.test.ts': 220,
  'test/e2e/upgrade.lab.test.ts': 352,
  'test/e2e/variants.lab.test.ts': 252,
  'test/e2e/wcs.lab.test.ts': 278,
  'test/e2e/when-idle.lab.test.ts': 192,
  'test/e2e/who-and-where.lab.test.ts': 111,
  'test/faults/sequences.lab.test.ts': 188,
  'test/engine/engine.test.ts': 230,
  'test/fleet/fleet.test.ts': 72,
  'test/host/actions.test.ts': 58,
  'test/host/host.lab.test.ts': 63,
  'test/host/other-accounts/other-accounts.lab.test.ts': 151,
  'test/host/queued.test.ts': 47,
  'test/host/transact.test.ts': 105,
  'test/host/waiting.test.ts': 49,
  'test/install/install.lab.test.ts': 210,
  'test/lab/bigbluebutton/bigbluebutton.lab.test.ts': 68,
  'test/run/again/begun-elsewhere.test.ts': 212,
  'test/run/claims/leases.test.ts': 61,
  'test/run/doors-back.test.ts': 72,
  'test/run/drain.test.ts': 241,
  'test/run/membership.test.ts': 114,
  'test/run/outside-proof.test.ts': 71,
  'test/run/queue/when-idle.test.ts': 166,
  'test/run/retire-again.test.ts': 60,
  'test/run/revert-wave.test.ts': 57,
  'test/run/two-clusters.test.ts': 189,
  'test/run/upgrade.test.ts': 78,
  'test/run/whole-run.test.ts': 122,
  'test/schedule/installed.lab.test.ts': 260,
  'test/schedule/run.test.ts': 63,
  'test/schedule/watch/watch.test.ts': 67,
  'test/secrets/never-told.test.ts': 63,
  'test/secrets/never-written.test.ts': 57,
  'test/ssh/many-hosts.lab.test.ts': 71,
  'test/ssh/openssh.lab.test.ts': 74,
  'test/ssh/sudo/sudo.lab.test.ts': 86,
  'test/terminal/commands.test.ts': 116,
  'test/terminal/demo.test.ts': 101,
  'test/terminal/fleet.test.ts': 112,
  'test/terminal/last-resort.test.ts': 73,
  'test/terminal/pager.test.ts': 54,
  'test/terminal/screens.test.ts': 66,
  'test/transcripts/screens.test.ts': 40,
  'test/transcripts/transcripts.test.ts': 212,
  'test/verify/asked.lab.test.ts': 131,
  'test/verify/balancers.lab.test.ts': 372,
  'test/verify/browser.lab.test.ts': 215,
  'test/verify/confirm.lab.test.ts': 289,
  'test/verify/doctor.lab.test.ts': 106,
  'test/verify/verify.lab.test.ts': 169,
};

/** The long files of each part, which take about as long together as those of any other. */
export function partsOf(files: Readonly<Record<string, number>>, count: number): readonly string[][] {
  const made = Array.from({ length: count }, () => ({ seconds: 0, names: [] as string[] }));
  for (const [name, seconds] of Object.entries(files).toSorted(([, one], [, other]) => other - one)) {
    const least = made.reduce((one, other) => (other.seconds < one.seconds ? other : one));
    least.seconds += seconds;
    least.names.push(name);
  }
  return made.map(({ names }) => names);
}

/** The long files that the sample of this seed leaves out. */
export function leftOut(seed: number): readonly string[] {
  return sampling
    ? partsOf(longFiles, parts).flatMap((names, part) => (part === seed % parts ? [] : names))
    : [];
}
