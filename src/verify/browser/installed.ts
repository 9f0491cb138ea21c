import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { OperatorError } from '../../model/operator-error.ts';

/** The machine as far as a search for browsers goes. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly isProgram: (path: string) => boolean;
  /** the names in a folder; none if it can't be read */
  readonly list: (folder: string) => readonly string[];
}

/** As distributions and vendors call them; all are Chromium underneath, which playwright-core can drive. */
const names = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'microsoft-edge-stable',
  'microsoft-edge',
];

const applications = ['Google Chrome', 'Chromium', 'Microsoft Edge'];

/**
 * The program of an installed browser: the one that was given, else the first of those in PATH, of a Mac's
 * applications, and of what Playwright has downloaded (https://playwright.dev/docs/browsers). Throws
 * OperatorError.
 */
export function findBrowser(given: string | undefined, machine: Machine): string {
  if (given !== undefined) {
    if (machine.isProgram(given)) return given;
    throw new OperatorError({
      code: 'no-browser',
      message: `there is no program at ${given}`,
      next: 'give --browser-path the path of an installed Chromium, Chrome or Edge, or leave it out',
    });
  }
  const found = usualPlaces(machine).find(machine.isProgram);
  if (found !== undefined) return found;
  throw new OperatorError({
    code: 'no-browser',
    message: 'no Chromium, Chrome or Edge was found on this machine',
    next:
      machine.platform === 'darwin'
        ? 'install Google Chrome or Chromium, or name its program by --browser-path'
        : 'install one (Debian: apt install chromium; Fedora: dnf install chromium), or name its program by --browser-path',
  });
}

function usualPlaces(machine: Machine): readonly string[] {
  const { platform, home, variables } = machine;
  const path = (variables.PATH ?? '').split(delimiter).filter(isAbsolute);
  // A service's or sudo's PATH may be short.
  const folders = [...new Set([...path, '/usr/bin', '/usr/local/bin', '/snap/bin', '/opt/google/chrome'])];
  const inPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  if (platform !== 'darwin') return [...inPath, ...downloaded(machine, join(home, '.cache/ms-playwright'))];
  const onMac = applications.flatMap((name) =>
    ['/Applications', join(home, 'Applications')].map((folder) =>
      join(folder, `${name}.app/Contents/MacOS/${name}`),
    ),
  );
  return [...onMac, ...inPath, ...downloaded(machine, join(home, 'Library/Caches/ms-playwright'))];
}

/** Browsers that Playwright has downloaded, the latest first. */
function downloaded({ list, variables }: Machine, usual: string): readonly string[] {
  const cache = variables.PLAYWRIGHT_BROWSERS_PATH ?? usual;
  return list(cache)
    .filter((name) => /^chromium(?:_headless_shell)?-\d+$/.test(name))
    .sort((left, right) => buildNumber(right) - buildNumber(left))
    .flatMap((build) =>
      list(join(cache, build))
        .filter((name) => name.startsWith('chrome-'))
        .flatMap((name) => [
          ...['chrome', 'headless_shell', 'chrome-headless-shell'].map((program) =>
            join(cache, build, name, program),
          ),
          ...['Chromium', 'Google Chrome for Testing'].map((program) =>
            join(cache, build, name, `${program}.app/Contents/MacOS/${program}`),
          ),
        ]),
    );
}

function buildNumber(name: string): number {
  return Number(/\d+$/.exec(name)?.[0] ?? 0);
}

/** This machine. */
export function thisMachine(
  variables: Machine['variables'],
  home: string,
  platform: NodeJS.Platform,
): Machine {
  return {
    ...{ platform, home, variables },
    isProgram: (path) => {
      try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
      } catch {
        return false;
      }
    },
    list: (folder) => {
      try {
        return readdirSync(folder);
      } catch {
        return [];
      }
    },
  };
}
