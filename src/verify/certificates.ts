import type { CertificatesQuestion } from '../model/balancer-question.ts';
import type { Verdict } from '../model/outside-check.ts';
import { judgeCertificate } from './judge-certificate.ts';
import type { Network } from './network.ts';

/** Every name at every port: a balancer may show another certificate at each. */
export async function askCertificates(
  { names, ports }: CertificatesQuestion,
  network: Network,
  now: () => number,
): Promise<Verdict> {
  const questions = names.flatMap((hostname) =>
    ports.map((port) => ({ kind: 'certificate', hostname, port }) as const),
  );
  const verdicts = await Promise.all(
    questions.map(async (one) =>
      judgeCertificate(one, await network.certificate(one.hostname, one.port), now()),
    ),
  );
  const expected = `on port ${ports.join(' and ')}, ${names.join(', ')} shows a certificate that browsers trust, and that is renewed in time`;
  const wrong = verdicts.flatMap((verdict, index) =>
    verdict.outcome === 'failed' ? [{ ...verdict, port: questions[index]?.port }] : [],
  );
  const notes = verdicts.flatMap(({ note }, index) =>
    note === undefined ? [] : [`port ${questions[index]?.port}: ${note}`],
  );
  const note = notes.length === 0 ? {} : { note: [...new Set(notes)].join('; ') };
  const certificates = verdicts.flatMap((verdict) => verdict.certificates ?? []);
  const [first] = wrong;
  if (first === undefined) {
    return { outcome: 'passed', expected, found: verdicts[0]?.found ?? '', ...note, certificates };
  }
  const found = [...new Set(wrong.map(({ found: words, port }) => `port ${port}: ${words}`))].join('; ');
  const fix = first.fix === undefined ? {} : { fix: first.fix };
  const isTime = wrong.every((verdict) => (verdict.certificates ?? []).length > 0);
  return { outcome: 'failed', expected, found, ...note, ...fix, ...(isTime ? { certificates } : {}) };
}
