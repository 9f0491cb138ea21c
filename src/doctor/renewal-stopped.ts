import { lateFrom } from '../model/certificate-lifetime.ts';
import { shownWithRenewers } from './certificates.ts';
import { dateWords, titleOf } from './renewed-by.ts';
import { absent, bySurroundings, found, type HostTrouble, notApplicable, unknown } from './seen.ts';

/**
 * A certificate whose renewer is there and doesn't run, or can't do it by itself, or has let its own date
 * pass: it ends, in weeks or months, at night. Where nothing that runs it was found, something else may.
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
    const ill = all.flatMap(({ one, client, due, running }) => {
      const whose = `${titleOf(client)} keeps the certificate of ${one.name}`;
      if (running.state === 'stopped')
        return [{ one, words: `${whose}, and ${running.words}`, fix: running.fix }];
      if (due === undefined || !due.isWritten || now < lateFrom(one, due.at)) return [];
      const words = `${whose}, was to renew it on ${dateWords(due.at)}, and has not; ${running.words}`;
      return [{ one, words, fix: `run ${titleOf(client)} by hand, which says what is wrong` }];
    });
    const [first] = ill;
    if (first !== undefined) {
      return found(
        [...new Set(ill.map(({ words }) => words))].join('; '),
        `it ends on ${dateWords(first.one.validTo)}, and browsers refuse it from then on`,
        first.fix ?? 'see why, and run it by hand',
      );
    }
    const unsure = all.find(({ running }) => running.state === 'unknown');
    return unsure === undefined
      ? absent
      : unknown(
          `${titleOf(unsure.client)} keeps the certificate of ${unsure.one.name}; ${unsure.running.words}`,
        );
  }),
};
