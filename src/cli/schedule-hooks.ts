import type { Inventory } from '../inventory/inventory.ts';
import { resultWithoutHosts } from '../model/result.ts';
import { chooseView } from '../report/choose-view.ts';
import { reportDocument } from '../report/document/document.ts';
import type { View } from '../report/view.ts';
import type { Environment } from './environment.ts';
import type { CommonOptions } from './options.ts';
import type { Session } from './session.ts';

const command = 'schedule run';

interface About {
  readonly inventory: Inventory;
  readonly options: CommonOptions;
  readonly environment: Environment;
  /** undefined: the one that the options choose */
  readonly view: View | undefined;
}

/** Has the hooks of a scheduled run told of its end, also where it fails, even before it has a session. */
export async function withScheduleHooks(
  about: About,
  open: () => Promise<Session>,
  work: (session: Session) => Promise<number>,
): Promise<number> {
  const session = await open().catch(async (error: unknown) => {
    await tellUnopened(error, about);
    throw error;
  });
  session.hooks?.schedules(command);
  try {
    return await work(session);
  } catch (error) {
    await session.hooks?.failed(error);
    throw error;
  }
}

async function tellUnopened(error: unknown, about: About): Promise<void> {
  const { inventory, options, environment } = about;
  if (inventory.hooks === undefined) return;
  const { Hooks } = await import('./hooks.ts');
  const view = about.view ?? chooseView(environment.output, options);
  const warn = (text: string) =>
    view.show('warnings', reportDocument(resultWithoutHosts(command, [text]), {}, environment.secrets));
  const hooks = new Hooks({ inventory, environment, warn });
  hooks.schedules(command);
  await hooks.failed(error);
}
