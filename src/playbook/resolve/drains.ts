import { type Inventory, type InventoryHost, roleOf } from '../../inventory/inventory.ts';
import type { Drain, Polls } from '../../model/drain.ts';
import { secondsOf } from '../../model/duration.ts';
import type { PlaybookPolls } from '../../model/playbook.ts';
import { holds } from './conditions.ts';
import { baseContext } from './contexts.ts';
import { type Fill, strictly } from './handlers.ts';
import { naming } from './template-problems.ts';
import { TemplateError } from './templates.ts';

/** How new people can be kept away from a host: by its guards, which depend on no facts. */
export function drainsOf(inventory: Inventory, host: InventoryHost): readonly Drain[] {
  return naming({ host: host.name, place: `role ${host.role}` }, () => {
    const context = baseContext(inventory, host);
    const fill = strictly(context);
    return roleOf(inventory.playbook, host.role).guards.flatMap(({ id: guard, drain }) => {
      if (drain === undefined) return [];
      const { on, program, args, answers, polls } = drain;
      return [
        {
          ...{ guard, on, program: program.text, args: args.map(fill.text) },
          answers: answers.map(({ url, contains }) => ({
            url: fill.text(url),
            contains: fill.text(contains),
          })),
          polls: polls.filter(({ when }) => holds(when, context)).map((one) => resolvePolls(one, fill)),
        },
      ];
    });
  });
}

function resolvePolls(polls: PlaybookPolls, fill: Fill): Polls {
  const { at, every, misses, silent, ends, pause } = polls;
  const seconds = secondsOf(fill.text(every));
  if (seconds === undefined) {
    throw new TemplateError(every, `${every} is not a time`, 'make it a time such as 60s or 2m');
  }
  const count = Number(fill.text(String(misses)));
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new TemplateError(String(misses), `${misses} is not a number of questions`, 'make it 1 or more');
  }
  return {
    ...{ at: fill.text(at), every: seconds, misses: count, silent },
    ...{ ends: fill.text(ends), pause: fill.text(pause) },
  };
}
