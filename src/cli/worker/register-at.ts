import { reasonOf } from '../../document/reason.ts';
import { OperatorError } from '../../model/operator-error.ts';

/** An engine that doesn't answer within this isn't there. Milliseconds. */
const patience = 30_000;

/**
 * Tells the engine where a worker is (Restate's admin API, POST /deployments,
 * https://docs.restate.dev/admin-api/deployment/register-deployment): it asks there what is served. An
 * address that it knows already keeps its calls. Throws OperatorErrors `engine-unreachable` and
 * `engine-not-registered`.
 */
export async function registerAt(engine: string, worker: string): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(new URL('deployments', withSlash(engine)), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      // Also where an earlier version of clusterproxy has been registered at this address.
      body: JSON.stringify({ uri: worker, force: true }),
      signal: AbortSignal.timeout(patience),
    });
  } catch (error) {
    throw new OperatorError({
      code: 'engine-unreachable',
      message: `the engine does not answer at ${engine}: ${reasonOf(error)}`,
      next: "start it, or correct --engine, which is the address of the engine's admin API for a worker, such as http://127.0.0.1:9070",
    });
  }
  if (answer.ok) return;
  throw new OperatorError({
    code: 'engine-not-registered',
    message: `the engine at ${engine} did not register the worker at ${worker} (status ${answer.status})`,
    next: 'see that the engine reaches the worker there (--advertise), and that --engine is its admin API',
    detail: (await answer.text().catch(() => '')).slice(0, 2_000),
  });
}

/** So that what follows is below it. */
export function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
