import { nativeImport } from '../../native-import.ts';
import { notInstalled } from '../../not-installed.ts';

export type Sdk = typeof import('@restatedev/restate-sdk');

/** The engine's SDK, which isn't bundled: only workers need it. Throws OperatorError `no-engine-sdk`. */
export async function loadSdk(
  load: () => Promise<Sdk> = async () => (await nativeImport('@restatedev/restate-sdk')) as Sdk,
): Promise<Sdk> {
  provideResolvers();
  try {
    return await load();
  } catch (error) {
    throw notInstalled(
      {
        code: 'no-engine-sdk',
        name: '@restatedev/restate-sdk',
        which: 'by which a worker serves the engine',
      },
      error,
    );
  }
}

/** The SDK (1.17) calls Promise.withResolvers, which Node.js has from release 22 on. */
function provideResolvers(): void {
  const promises = Promise as unknown as { withResolvers?: () => unknown };
  promises.withResolvers ??= () => {
    let given: object = {};
    const promise = new Promise((resolve, reject) => {
      given = { resolve, reject };
    });
    return { promise, ...given };
  };
}
