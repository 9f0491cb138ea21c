/**
 * Whether a sample is enough: with CLUSTERPROXY_SAMPLE=1, as `npm test` sets it. Everything is tried by
 * `npm run test:all`, which `.ci/run` uses, and where files or projects are named.
 */
export const sampling = process.env.CLUSTERPROXY_SAMPLE === '1' && process.env.CLUSTERPROXY_LONG !== '1';

/** Of as many parts a sample tries one; seeds that follow one another try all of them. */
export const parts = 6;

/**
 * Files that take long, with the seconds that each took beside others on two cores: hosts of their own tell
 * one story each, so that a file is the least that can be left out. Whoever adds one of more than a minute
 * names it here.
 */
export const longFiles: Readonly<Record<string, number>> = {
  'test/demo/demo.test.ts': 54,
  'test/e2e/antmedia.lab.test.ts': 277,
  'test/e2e/clusters.lab.test.ts': 157,
  'test/e2e/drain.lab.test.ts': 150,
  'test/e2e/failures.lab.test.ts': 136,
  'test/e2e/guards.lab.test.ts': 128,
  'test/e2e/main-job.lab.test.ts': 183,
  'test/e2e/meetings.lab.test.ts': 97,
  'test/e2e/order.lab.test.ts': 87,
  'test/e2e/over-the-years.lab.test.ts': 99,
  'test/e2e/upgrade.lab.test.ts': 350,
  'test/e2e/variants.lab.test.ts': 272,
  'test/e2e/wcs.lab.test.ts': 270,
  'test/e2e/when-idle.lab.test.ts': 155,
  'test/e2e/who-and-where.lab.test.ts': 102,
  'test/faults/sequences.lab.test.ts': 202,
  'test/host/actions.test.ts': 68,
  'test/host/other-accounts/other-accounts.lab.test.ts': 181,
  'test/host/queued.test.ts': 60,
  'test/host/waiting.test.ts': 60,
  'test/run/again/begun-elsewhere.test.ts': 250,
  'test/run/drain.test.ts': 90,
  'test/run/membership.test.ts': 90,
  'test/run/outside-proof.test.ts': 80,
  'test/run/queue/when-idle.test.ts': 160,
  'test/run/two-clusters.test.ts': 202,
  'test/run/upgrade.test.ts': 80,
  'test/secrets/never-told.test.ts': 63,
  'test/terminal/commands.test.ts': 151,
  'test/terminal/last-resort.test.ts': 75,
  'test/verify/asked.lab.test.ts': 108,
  'test/verify/balancers.lab.test.ts': 283,
  'test/verify/browser.lab.test.ts': 151,
  'test/verify/confirm.lab.test.ts': 250,
  'test/verify/doctor.lab.test.ts': 137,
  'test/verify/verify.lab.test.ts': 130,
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
