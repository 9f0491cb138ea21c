import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One for each file layout that BigBlueButton has had; the names are those of the sample directories. */
export type BigBlueButtonVersion = '2.4' | '2.6' | '3.0-meteor' | '3.0' | '3.0.28' | '4.0' | '4.1';

const STOCK_DIRECTORIES: Partial<Record<BigBlueButtonVersion, string>> = {
  '2.4': '2.4.8',
  '2.6': '2.6.14',
  '3.0': '3.0.x',
};

export const PROXY_SAMPLE = fileURLToPath(
  new URL('../../../playbooks/samples/bigbluebutton/proxy', import.meta.url),
);

export function sampleDirectory(version: BigBlueButtonVersion): string {
  return fileURLToPath(new URL(`../../../playbooks/samples/bigbluebutton/${version}`, import.meta.url));
}

/** The folder with the unmodified files of that version's packages, if they are on this machine. */
export function stockDirectory(version: BigBlueButtonVersion): string | undefined {
  const name = STOCK_DIRECTORIES[version];
  if (name === undefined) return undefined;
  const directory = fileURLToPath(new URL(`../../../../shared/stock/${name}`, import.meta.url));
  return existsSync(directory) ? directory : undefined;
}

/** Whether Meteor processes (bbb-html5.service) serve the client, rather than static files. */
export function hasMeteorClient(version: BigBlueButtonVersion): boolean {
  return version === '2.4' || version === '2.6' || version === '3.0-meteor';
}
