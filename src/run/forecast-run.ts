import pLimit from 'p-limit';
import { unpackPackage } from '../host/forecast-packages.ts';
import { roleOf } from '../inventory/inventory.ts';
import { type BroughtPackage, type ConffileAnswer, type HostForecast, noUpgrade } from '../model/forecast.ts';
import { OperatorError, type Problem, problemsOf } from '../model/operator-error.ts';
import type { ClusterPlan } from '../model/plan.ts';
import type { Reads } from '../model/reads.ts';
import { isGlob, type Snapshot } from '../model/snapshot.ts';
import { type LaidOver, layOver } from '../plan/forecast/lay-over.ts';
import { unitFiles } from '../plan/forecast/unit-files.ts';
import { viewCluster } from '../playbook/resolve/contexts.ts';
import { readsOf } from '../playbook/resolve/reads.ts';
import type { Connection } from '../ssh/contract.ts';
import { type ForecastSource, type HostUpgrade, hostUpgrade, isConcerned } from './forecast-source.ts';
import { limitedTo } from './limit.ts';
import { interrupted, type Look, snapshotsOf } from './look.ts';
import type { RunOptions } from './options.ts';
import { planRun } from './plan-run.ts';

export interface ForecastOptions extends RunOptions {
  readonly source: ForecastSource;
  /** what dpkg is told where it asks about a conffile */
  readonly conffiles: ConffileAnswer;
}

export interface ForecastRun {
  readonly plan: ClusterPlan;
  /** by host; only those for which the packages count */
  readonly forecasts: ReadonlyMap<string, HostForecast>;
}

/**
 * The plan that would follow an upgrade to these packages. Nothing is changed anywhere but for a folder on
 * each host that has gone by the end. The packages count for the hosts that `limit` names; the plan is that
 * of all hosts, since what others have for an upgraded one may change. Throws an OperatorError
 * `packages-for-no-host` if no host would take any of them, `no-product-packages` if nobody knows which they
 * are.
 */
export async function forecastRun(options: ForecastOptions): Promise<ForecastRun> {
  refuseUnknownProduct(options);
  const forecasts = new Map<string, HostForecast>();
  const { plan } = await planRun({
    ...options,
    ...{ limit: [], guards: false, warnOfAnswers: false },
    becoming: async (looks) => {
      const upgrades = await upgradesOf(looks, options);
      refuseNothing(upgrades, options);
      for (const { look, forecast } of upgrades) {
        if (forecast !== undefined) forecasts.set(look.host.name, forecast);
      }
      return upgrades.map(({ look }) => look);
    },
  });
  return { plan, forecasts };
}

/** A host with the upgrade's files laid over it. */
interface Upgrade {
  readonly look: Look;
  /** undefined: it wasn't asked, or can't be upgraded */
  readonly forecast: HostForecast | undefined;
}

async function upgradesOf(looks: readonly Look[], options: ForecastOptions): Promise<readonly Upgrade[]> {
  const { inventory, limit, parallel } = options;
  const chosen = limitedTo(inventory.hosts, limit);
  const recipes = viewCluster(inventory, snapshotsOf(looks)).hosts;
  const atOnce = pLimit(parallel);
  return Promise.all(
    looks.map((one) =>
      atOnce(async (): Promise<Upgrade> => {
        const { host, snapshot } = one;
        if (snapshot === undefined || !chosen.has(host.name)) return { look: one, forecast: undefined };
        try {
          const upgraded = await upgrade({ ...one, snapshot }, options);
          const recipe = recipes.get(host.name)?.recipe?.name;
          return { look: upgraded.look, forecast: { ...upgraded.forecast, recipe } };
        } catch (error) {
          const [problem] = problemsOf(options.signal.aborted ? interrupted() : error);
          return { look: failed(one, problem), forecast: undefined };
        }
      }),
    ),
  );
}

function failed(look: Look, problem: Problem | undefined): Look {
  const host = look.host.name;
  return { ...look, snapshot: undefined, problem: problem && { ...problem, host }, answered: true };
}

type Seen = Look & { readonly snapshot: Snapshot };

async function upgrade(
  look: Seen,
  options: ForecastOptions,
): Promise<Upgrade & { readonly forecast: HostForecast }> {
  const { host, snapshot } = look;
  const { connect, signal, source, limit, progress, inventory } = options;
  const role = roleOf(inventory.playbook, host.role);
  if (!isConcerned(source, role)) return { look, forecast: noUpgrade };
  if (snapshot.lookOnly === true) throw mayNotUnpack(host.name, snapshot.user);
  const connection = await connect(host.ssh, { signal });
  try {
    progress({ kind: 'host', host: host.name, phase: 'connecting' });
    const { supported, chosen, told } = await hostUpgrade(connection, host, { source, role });
    // Whoever names no host means those that can be upgraded.
    if (!supported && limit.length > 0) throw noDpkg(host.name);
    if (chosen.length === 0) return { look, forecast: { ...noUpgrade, supported, ...told } };
    const { snapshot: after, forecast } = await laidOver(look, connection, { chosen, options });
    return { look: { ...look, snapshot: after }, forecast: { ...noUpgrade, ...forecast, ...told } };
  } finally {
    connection.close().catch(() => undefined);
  }
}

async function laidOver(
  { host, snapshot }: Seen,
  connection: Connection,
  { chosen, options }: Pick<HostUpgrade, 'chosen'> & { readonly options: ForecastOptions },
): Promise<LaidOver> {
  const { inventory, conffiles, signal, progress } = options;
  const reads = readsOf(inventory, host, { guards: false });
  const searches = reads.queries.filter(({ kind }) => kind === 'search');
  const brought: BroughtPackage[] = [];
  for (const [index, one] of chosen.entries()) {
    if (signal.aborted) throw interrupted();
    const [phase, file, size] =
      'file' in one
        ? (['unpacking', one.file.file, one.file.size] as const)
        : (['fetching', `${one.name} ${one.version}`, one.size] as const);
    const detail = `${file} (${index + 1} of ${chosen.length}, ${megabytes(size)})`;
    progress({ kind: 'host', host: host.name, phase, detail });
    const unpacked = await unpackPackage(connection, host.name, one, {
      ...{ packages: [], units: [], names: [], includes: reads.includes, queries: searches },
      paths: pathsOf(reads, snapshot),
      members: [
        ...[...snapshot.units.keys()].flatMap(unitFiles),
        ...searches.flatMap(({ args }) => args.slice(-1)).filter((path) => !isGlob(path)),
      ],
    });
    brought.push({ ...unpacked, chosen: one });
  }
  progress({ kind: 'host', host: host.name, phase: 'done' });
  return layOver(snapshot, brought, { answer: conffiles, searches });
}

/** Everything that was read of the host, and the files to which its links lead. */
function pathsOf(reads: Reads, { paths, globs }: Snapshot): readonly string[] {
  const led = [...paths.values()].flatMap((state) =>
    state.kind === 'symlink' && state.resolved !== undefined ? [state.resolved.path] : [],
  );
  return [...new Set([...reads.paths, ...globs.keys(), ...paths.keys(), ...led])];
}

function megabytes(bytes: number): string {
  return `${Math.max(1, Math.round(bytes / 1_000_000))} MB`;
}

/** A forecast in which nothing is upgraded is a mistake: the wrong folder or version, or the wrong hosts. */
function refuseNothing(upgrades: readonly Upgrade[], { source, limit }: ForecastOptions): void {
  const isOne = ({ look, forecast = noUpgrade }: Upgrade) =>
    forecast.packages.length > 0 || look.snapshot === undefined;
  if (upgrades.some(isOne)) return;
  const where = limit.length === 0 ? 'any host' : 'the hosts that --limit names';
  if (source.kind === 'repositories') {
    const whys = upgrades.flatMap(({ look, forecast }) =>
      (forecast?.leftOut ?? []).map(({ file, why }) => `${look.host.name}: ${file}: ${why}`),
    );
    throw new OperatorError({
      code: 'packages-for-no-host',
      message: `no package of the product would become another one by an upgrade to ${source.to} on ${where}`,
      next: 'check the version and --limit; apt-cache policy on a host shows what is installed and what is offered',
      ...(whys.length === 0 ? {} : { detail: whys.slice(0, 50).join('\n') }),
    });
  }
  const files = source.packages.map(({ file }) => file);
  const named = [...files.slice(0, 3), ...(files.length > 3 ? [`${files.length - 3} more`] : [])].join(', ');
  throw new OperatorError({
    code: 'packages-for-no-host',
    message: `none of the packages (${named}) is installed in an older version on ${where}`,
    next: 'check the folder, and with dpkg-query -W on a host how its packages are called; hosts without dpkg are not supported',
  });
}

function refuseUnknownProduct({ source, inventory }: ForecastOptions): void {
  if (inventory.playbook.roles.some((role) => isConcerned(source, role))) return;
  throw new OperatorError({
    code: 'no-product-packages',
    message: `the playbook ${inventory.playbook.name} doesn't say which packages the product has, so hosts can't be asked for a version of it`,
    next: 'use --packages with a folder of .deb files; in a playbook of your own, name them in product_packages of a role',
  });
}

function noDpkg(host: string): OperatorError {
  return new OperatorError({
    code: 'no-dpkg',
    message: `${host} has no dpkg, and clusterproxy forecasts upgrades of Debian packages only`,
    next: 'leave it out with --limit',
    host,
  });
}

function mayNotUnpack(host: string, user: string): OperatorError {
  return new OperatorError({
    code: 'not-permitted',
    message: `${user}@${host} is not root, so packages can't be unpacked there with their owners and modes`,
    next: `add \`become: sudo\` below \`ssh:\` in the inventory, so that ${user} uses sudo there; or log in as root`,
    host,
  });
}
