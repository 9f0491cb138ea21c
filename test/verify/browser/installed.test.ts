import { describe, expect, it } from 'vitest';
import { findBrowser, type Machine } from '../../../src/verify/browser/installed.ts';
import { loadPlaywright, startTrouble } from '../../../src/verify/browser/start.ts';

function machine(programs: readonly string[], given: Partial<Machine> = {}): Machine {
  const list = (folder: string) => [
    ...new Set(
      programs
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1).split('/')[0] ?? ''),
    ),
  ];
  return {
    ...{ platform: 'linux', home: '/home/ops', variables: { PATH: '/usr/local/bin:/usr/bin:bin' } },
    ...{ isProgram: (path) => programs.includes(path), list },
    ...given,
  };
}

describe('findBrowser', () => {
  it.each([
    ['the first in PATH', ['/usr/bin/google-chrome', '/usr/bin/chromium'], '/usr/bin/chromium'],
    ['by its name on older Debian', ['/usr/bin/chromium-browser'], '/usr/bin/chromium-browser'],
    [
      'Chrome as its package installs it',
      ['/opt/google/chrome/google-chrome'],
      '/opt/google/chrome/google-chrome',
    ],
    ['a snap, which is not in the PATH of sudo', ['/snap/bin/chromium'], '/snap/bin/chromium'],
    ['Edge', ['/usr/bin/microsoft-edge-stable'], '/usr/bin/microsoft-edge-stable'],
    [
      "the latest of Playwright's",
      ['999', '1187'].map((build) => `/home/ops/.cache/ms-playwright/chromium-${build}/chrome-linux/chrome`),
      '/home/ops/.cache/ms-playwright/chromium-1187/chrome-linux/chrome',
    ],
    [
      "Playwright's without windows",
      ['/home/ops/.cache/ms-playwright/chromium_headless_shell-1187/chrome-linux/headless_shell'],
      '/home/ops/.cache/ms-playwright/chromium_headless_shell-1187/chrome-linux/headless_shell',
    ],
  ])('finds %s', (_, programs, expected) => {
    expect(findBrowser(undefined, machine(programs))).toBe(expected);
  });

  it("finds a Mac's applications, those of one user as well", () => {
    const chrome = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
    const own = '/Users/ops/Applications/Chromium.app/Contents/MacOS/Chromium';
    const mac = { platform: 'darwin', home: '/Users/ops' } as const;
    expect(findBrowser(undefined, machine([own, chrome], mac))).toBe(chrome);
    expect(findBrowser(undefined, machine([own], mac))).toBe(own);
  });

  it("looks where PLAYWRIGHT_BROWSERS_PATH says that Playwright's are", () => {
    const program = '/srv/browsers/chromium-1187/chrome-linux64/chrome';
    const variables = { PLAYWRIGHT_BROWSERS_PATH: '/srv/browsers' };
    expect(findBrowser(undefined, machine([program], { variables }))).toBe(program);
  });

  it('takes the one that was given, and no other in its place', () => {
    const here = machine(['/usr/bin/chromium', '/opt/mine/chrome']);
    expect(findBrowser('/opt/mine/chrome', here)).toBe('/opt/mine/chrome');
    expect(() => findBrowser('/opt/none/chrome', here)).toThrowError(
      'there is no program at /opt/none/chrome',
    );
  });

  it('says what to install where there is none', () => {
    const problem = (given: Partial<Machine>) => {
      try {
        return findBrowser(undefined, machine([], given));
      } catch (error) {
        return (error as { problem: unknown }).problem;
      }
    };
    expect(problem({})).toMatchObject({
      code: 'no-browser',
      next: expect.stringContaining('apt install chromium'),
    });
    expect(problem({ platform: 'darwin' })).toMatchObject({
      code: 'no-browser',
      next: expect.stringContaining('Google Chrome'),
    });
  });
});

describe('loadPlaywright', () => {
  it('says how to install it where it is missing', async () => {
    const missing = () =>
      Promise.reject(new Error("Cannot find package 'playwright-core' imported from main.js"));
    await expect(loadPlaywright(missing)).rejects.toMatchObject({
      problem: { code: 'no-playwright', next: expect.stringContaining('npm install playwright-core') },
    });
  });
});

describe('startTrouble', () => {
  it.each([
    [
      'browserType.launch: Target page, context or browser has been closed\n[err] FATAL: No usable sandbox! If you …',
      /its sandbox cannot be set up/,
    ],
    [
      'browserType.launch: Target closed\n/opt/chrome: error while loading shared libraries: libnss3.so: cannot open',
      /the library libnss3\.so is missing/,
    ],
    ['browserType.launch: Timeout 60000ms exceeded.\nCall log:', /^Timeout 60000ms exceeded\.$/],
  ])('%j', (message, words) => {
    expect(startTrouble(new Error(message))).toMatch(words);
  });
});
