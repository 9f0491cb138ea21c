import { setTimeout as sleep } from 'node:timers/promises';
import type { HostResult } from '../model/result.ts';
import type { ResolvedAsked } from '../playbook/resolve/asked.ts';
import { type Asked, askCheck } from '../verify/ask.ts';
import { foundFromHere, wrongAnswerWarning } from './asked.ts';
import type { ApplyOptions } from './options.ts';

/** What a proxy asks itself for a host, once all hosts are as planned; undefined if it asks nothing. */
export type WayThrough = (host: string) => ResolvedAsked | undefined;

/** A service that has just been restarted gets this long before a failure counts. Milliseconds. */
const secondThought = 3_000;

/**
 * Asks from here, after a host was changed, what the proxy asks itself for it, and adds a warning to the
 * result if the answer is wrong: the host itself can't know whether people reach it. With --confirm outside
 * such checks decide, so nothing is asked then. It isn't asked either where this machine can't reach the
 * proxy, or doesn't trust its certificate, since other people may: `verify` tells that.
 */
export function reportingWay(
  options: ApplyOptions,
  wayThrough: WayThrough | undefined,
): (result: HostResult) => Promise<HostResult> {
  const { asking, confirm, signal } = options;
  if (asking === undefined || wayThrough === undefined || confirm !== 'host') return async (result) => result;
  const doors = new Map<string, Promise<boolean>>();
  const isOpen = (url: URL) => {
    const known = doors.get(url.host) ?? answersHere(asking.network, url);
    doors.set(url.host, known);
    return known;
  };
  const ask = async ({ check, question }: ResolvedAsked): Promise<Asked | undefined> => {
    if (!(await isOpen(new URL(question.url))) || signal.aborted) return undefined;
    const asked = () => askCheck({ ...check, question }, { ...asking, signal });
    const first = await asked();
    if (first.outcome !== 'failed') return first;
    await sleep(secondThought, undefined, { signal }).catch(() => undefined);
    return asked();
  };
  return async (result) => {
    const { host, role } = result.plan;
    const way = result.status === 'changed' ? wayThrough(host) : undefined;
    if (way === undefined || signal.aborted) return result;
    options.progress({ kind: 'host', host, phase: 'checking', detail: 'asking for it through the proxy' });
    const answer = await ask(way);
    if (answer?.outcome !== 'failed') return result;
    const { id, title } = way.check;
    const found = foundFromHere(answer.found);
    const warning = wrongAnswerWarning({ host, role, id, title, ...answer, found });
    return { ...result, warnings: [...result.warnings, warning] };
  };
}

async function answersHere(
  network: NonNullable<ApplyOptions['asking']>['network'],
  { hostname, port }: URL,
): Promise<boolean> {
  const shown = await network.certificate(hostname, port === '' ? 443 : Number(port));
  return shown.kind === 'certificate' && shown.mistrust === undefined;
}
