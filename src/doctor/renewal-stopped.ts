import { lateFrom } from '../model/certificate-lifetime.ts';
import { shownWithRenewers } from './certificates.ts';
import { renewalCommand } from './renewal-command.ts';
import { cappedDue, laterDue } from './renewal-due.ts';
import { titleOf } from './renewals-found.ts';
import { dateWords } from './renewed-by.ts';
import { absent, bySurroundings, found, type HostTrouble, notApplicable, unknown } from './seen.ts';

/**
 * A certificate that is late, whose renewer is there and doesn't run, or can't do it by itself, or has let
 * its own date pass: it ends, in days or weeks, at night. Before it is late, or where nothing that runs it
 * was found, something else may renew it, such as a program of the operator's.
 */
export const renewalStopped: HostTrouble = {
  id: 'renewal-stopped',
  title: 'a certificate is no longer renewed',
  judge: bySurroundings((surroundings, { renewals }, { now }) => {
    if (surroundings.shown.length === 0) return notApplicable;
    if (renewals === undefined) return unknown('who renews certificates could not be found out in time');
    const all = shownWithRenewers(surroundings, renewals).flatMap(({ one, renewer }) =>
      renewer === undefined ? [] : [{ one, ...renewer }],
    );
    if (all.length === 0) return notApplicable;
    const ill = all.flatMap(({ one, client, kept, due, running }) => {
      const whose = `${titleOf(client)} keeps the certificate of ${one.name}`;
      const by = due?.isWritten ? cappedDue(one, due) : laterDue(one, due);
      if (now < lateFrom(one, by)) return [];
      if (running.state === 'stopped')
        return [{ one, words: `${whose}, and ${running.words}`, fix: running.fix }];
      if (due === undefined || !due.isWritten) return [];
      const words = `${whose}, was to renew it on ${dateWords(due.at)}, and has not; ${running.words}`;
      const fix =
        kept === undefined ? undefined : `${renewalCommand(kept, renewals)}, which says what is wrong`;
      return [{ one, words, fix }];
    });
    const [first] = ill;
    if (first !== undefined) {
      return found(
        [...new Set(ill.map(({ words }) => words))].join('; '),
        `it ends on ${dateWords(first.one.validTo)}, and browsers refuse it from then on`,
        first.fix ?? 'see why, and run it by hand',
      );
    }
    const unsure =
      all.find(({ running }) => running.state === 'stopped') ??
      all.find(({ running }) => running.state === 'unknown');
    if (unsure === undefined) return absent;
    const words = `${titleOf(unsure.client)} keeps the certificate of ${unsure.one.name}; ${unsure.running.words}`;
    const { fix } = unsure.running;
    return unknown(
      unsure.running.state === 'unknown'
        ? words
        : `${words}, and it is not late yet, so that something else may renew it${fix === undefined ? '' : `; if not: ${fix}`}`,
    );
  }),
};
