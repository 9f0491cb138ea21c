import { packageFile } from './package-root.ts';

/** The version of clusterproxy, as package.json has it. */
export function packageVersion(): string {
  const { version } = JSON.parse(packageFile('package.json')) as {
    version: string;
  };
  return version;
}
