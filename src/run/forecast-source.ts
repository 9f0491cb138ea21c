import { askOffers, simulateUpgrade } from '../host/forecast-apt.ts';
import { surveyPackages } from '../host/forecast-packages.ts';
import type { InventoryHost } from '../inventory/inventory.ts';
import type {
  ChosenPackage,
  FetchedPackage,
  HostForecast,
  PackageFile,
  PackageLists,
  PackageOffers,
  PackageSurvey,
} from '../model/forecast.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { Role } from '../model/playbook.ts';
import { choosePackages } from '../plan/forecast/choose-packages.ts';
import { type ChosenVersions, chooseVersions } from '../plan/forecast/choose-versions.ts';
import { compareVersions } from '../plan/forecast/debian-version.ts';
import type { Connection } from '../ssh/contract.ts';

/** Where an upgrade's packages come from. */
export type ForecastSource =
  | { readonly kind: 'folder'; readonly packages: readonly PackageFile[] }
  /** the repositories that the host knows; `to`: the version of the product's packages, or its beginning */
  | { readonly kind: 'repositories'; readonly to: string };

/** What an upgrade would bring to a host. */
export interface HostUpgrade {
  /** whether the host has dpkg; if not, nothing is chosen */
  readonly supported: boolean;
  readonly chosen: readonly (ChosenPackage | FetchedPackage)[];
  readonly told: Partial<HostForecast>;
}

/** What all packages of a host may have together, if it fetches them: a release has about one. Bytes. */
const mostToFetch = 4 * 1024 ** 3;

/** Asks a host what an upgrade would bring to it. Throws an OperatorError. */
export async function hostUpgrade(
  connection: Connection,
  { name }: Pick<InventoryHost, 'name'>,
  { source, role }: { readonly source: ForecastSource; readonly role: Pick<Role, 'productPackages'> },
): Promise<HostUpgrade> {
  if (source.kind === 'folder') {
    const survey = await surveyPackages(connection, name, source.packages);
    if (!survey.hasDpkg) return { supported: false, chosen: [], told: {} };
    refuseUnreadable(survey, name);
    const { chosen, leftOut } = choosePackages(survey);
    return { supported: true, chosen, told: { leftOut } };
  }
  const offers = await askOffers(connection, name, role.productPackages);
  if (!offers.hasDpkg) return { supported: false, chosen: [], told: {} };
  if (!offers.hasApt) throw noApt(name);
  const { lists } = offers;
  if (offers.installed.size === 0) return { supported: true, chosen: [], told: { lists } };
  const choice = chooseVersions(source.to, offers);
  if (!choice.offered) throw notOffered(name, source.to, offers);
  const { wanted, leftOut, otherVersions } = choice;
  if (wanted.length === 0) return { supported: true, chosen: [], told: { leftOut, lists } };
  const { come, go } = await simulateUpgrade(connection, name, wanted);
  refuseTooMuch(come, name);
  return { supported: true, chosen: come, told: { leftOut, lists, ...others({ otherVersions, go }) } };
}

function others({
  otherVersions,
  go,
}: Pick<ChosenVersions, 'otherVersions'> & { readonly go: readonly string[] }): Partial<HostForecast> {
  return {
    ...(otherVersions.length === 0 ? {} : { otherVersions }),
    ...(go.length === 0 ? {} : { dropped: go }),
  };
}

/** Which hosts a source can say anything of. */
export function isConcerned(
  source: ForecastSource,
  { productPackages }: Pick<Role, 'productPackages'>,
): boolean {
  return source.kind === 'folder' || productPackages.length > 0;
}

/** How old they are, for brackets; undefined where there are none. */
function ageOf({ changed, now }: PackageLists): string | undefined {
  if (changed === undefined) return undefined;
  const days = Math.max(0, Math.floor((now - changed) / 86_400));
  const age = days === 0 ? 'less than a day' : days === 1 ? 'one day' : `${days} days`;
  return `of ${new Date(changed * 1_000).toISOString().slice(0, 10)}, ${age} old`;
}

/** How many packages' versions an error lists. */
const mostListed = 12;

function notOffered(host: string, to: string, offers: PackageOffers): OperatorError {
  const known = [...offers.installed].map(([name, there]) => {
    const latest = [...(offers.versions.get(name) ?? [])].sort(compareVersions).slice(-5);
    return `${name} ${there}: ${latest.length === 0 ? 'not offered' : `offered ${latest.join(', ')}`}`;
  });
  const age = ageOf(offers.lists);
  const more = known.length > mostListed ? [`and ${known.length - mostListed} more`] : [];
  return new OperatorError({
    code: 'version-not-offered',
    message:
      age === undefined
        ? `${host} has no package lists, so it knows no version ${to} of the product's packages`
        : `the package lists of ${host} (${age}) have no version ${to} of any of the product's packages that it has`,
    next: 'compare with what is offered: not every package has the version of its release. A newer version takes up-to-date lists (apt-get update on the host) and a source that has it; otherwise use --packages',
    host,
    detail: [...known.slice(0, mostListed), ...more].join('\n'),
  });
}

function refuseTooMuch(come: readonly FetchedPackage[], host: string): void {
  const bytes = come.reduce((sum, { size }) => sum + size, 0);
  if (bytes <= mostToFetch) return;
  throw new OperatorError({
    code: 'too-much-to-fetch',
    message: `${host} would fetch ${come.length} packages of ${Math.ceil(bytes / 1024 ** 2)} MiB for the forecast, more than the ${mostToFetch / 1024 ** 2} MiB that are allowed`,
    next: "download the product's packages into a folder, and use --packages",
    host,
  });
}

function noApt(host: string): OperatorError {
  return new OperatorError({
    code: 'no-apt',
    message: `${host} has no apt-get, so it can't fetch packages of another version`,
    next: 'download them into a folder on this machine, and use --packages; or leave the host out with --limit',
    host,
  });
}

function refuseUnreadable({ unreadable }: PackageSurvey, host: string): void {
  const [first] = unreadable;
  if (first === undefined) return;
  const [file, words] = first;
  throw new OperatorError({
    code: 'package-unreadable',
    message: `the dpkg-deb of ${host} can't read ${file}`,
    next: "download it again; a package for a later release of the distribution may be packed in a way that this host's dpkg doesn't know",
    host,
    detail: words,
  });
}
