import type { ObjectContext, ObjectSharedContext, WorkflowContext } from '@restatedev/restate-sdk';
import type { z } from 'zod';
import { carryOutChange, type Engine } from '../../engine/change.ts';
import {
  type Answer,
  type ApplyRequest,
  applyRequest,
  approval,
  type ChangeState,
  changeRequest,
  lookRequest,
} from '../../engine/messages.ts';
import { servicesOf } from '../../engine/site.ts';
import type { Sdk } from './sdk.ts';
import type { SiteWork } from './site-work.ts';

/** By then the engine takes a silent worker for lost: a change may wait for people for days. */
const longestWork = { days: 30 };
/** An engine or a worker that comes back is found soon. */
const retryPolicy = { initialInterval: { milliseconds: 200 }, maxInterval: { seconds: 10 } };

/** What the engine is given, in its own terms; what is done stands in SiteWork and in src/engine. */
export function servicesFor(sdk: Sdk, site: string, work: Pick<SiteWork, 'look' | 'apply'>) {
  const names = servicesOf(site);
  const { handlers } = sdk;
  const long = { inactivityTimeout: longestWork, abortTimeout: longestWork, retryPolicy };
  const cluster = sdk.object({
    name: names.cluster,
    handlers: {
      look: handlers.object.shared(long, (context: ObjectSharedContext, sent: unknown) => {
        const request = read(lookRequest, sent, sdk);
        return context.run('look', () => work.look(context.key, request));
      }),
      // Only changes of this site call it, each with an approval.
      apply: handlers.object.exclusive(
        { ...long, ingressPrivate: true },
        (context: ObjectContext, sent: unknown) => {
          const request = read(applyRequest, sent, sdk);
          return context.run('apply', () => work.apply(context.key, request));
        },
      ),
    },
  });
  const change = sdk.workflow({
    name: names.change,
    handlers: {
      run: handlers.workflow.workflow({ retryPolicy }, (context: WorkflowContext, sent: unknown) =>
        carryOutChange(read(changeRequest, sent, sdk), engineOf(context, names.cluster, sdk)),
      ),
      approve: handlers.workflow.shared({ retryPolicy }, (context, sent: unknown) =>
        context.promise(answerTo(read(approval, sent, sdk).digest)).resolve('yes'),
      ),
      decline: handlers.workflow.shared({ retryPolicy }, (context, sent: unknown) =>
        context.promise(answerTo(read(approval, sent, sdk).digest)).resolve('no'),
      ),
      state: handlers.workflow.shared({ retryPolicy }, (context) => context.get<ChangeState>('state')),
    },
  });
  return [cluster, change];
}

/** As an object whose handlers are called sees itself. */
interface ApplyHandlers {
  readonly apply: (context: ObjectContext, request: ApplyRequest) => Promise<Answer>;
}

/** Named by the plan: what is said to another one counts for nothing, and only the first answer counts. */
function answerTo(digest: string): string {
  return `answer to ${digest}`;
}

function engineOf(context: WorkflowContext, cluster: string, sdk: Sdk): Engine {
  return {
    id: context.key,
    tell: (state) => context.set('state', state),
    answer: async (digest, patience) => {
      try {
        return await context.promise<'yes' | 'no'>(answerTo(digest)).get().orTimeout(patience);
      } catch (error) {
        if (error instanceof sdk.TimeoutError) return undefined;
        throw error;
      }
    },
    apply: (key, request) => context.objectClient<ApplyHandlers>({ name: cluster }, key).apply(request),
    now: () => context.date.now(),
    sleep: (duration) => context.sleep(duration),
  };
}

/** Throws what ends the call for good: the same message will be no better the next time. */
function read<Schema extends z.ZodType>(schema: Schema, sent: unknown, sdk: Sdk): z.infer<Schema> {
  const parsed = schema.safeParse(sent);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') || 'it';
  throw new sdk.TerminalError(`not what a worker of this version takes: ${where}: ${issue?.message}`, {
    errorCode: 400,
  });
}
