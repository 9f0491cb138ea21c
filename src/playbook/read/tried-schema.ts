import { z } from 'zod';
import type { Condition } from '../../model/playbook-parts.ts';
import { evidenceKinds, type Tried } from '../../model/tried.ts';
import { wantedValue } from './condition-schema.ts';
import { text } from './texts.ts';

const evidence = z
  .strictObject({
    on: text.meta({ description: 'the day on which it was tried last, YYYY-MM-DD' }),
    releases: z.array(text).min(1),
  })
  .optional();

const claim = z.strictObject({
  claim: text.meta({ description: 'what is promised, in one sentence' }),
  source: evidence.meta({ description: "read in the product's source" }),
  'stand-in': evidence.meta({ description: 'tried with a stand-in for the product' }),
  packages: evidence.meta({ description: "tried with the product's real packages" }),
  server: evidence.meta({ description: 'tried on a real server, by people' }),
});

export const triedSchema = z
  .strictObject({
    role: text.meta({ description: 'the role whose hosts have the product' }),
    releases: z.record(text, z.record(text, wantedValue)).meta({
      description: 'by release: what must hold for a host that has it; the first that holds counts',
    }),
    claims: z.array(claim).min(1),
  })
  .superRefine(({ releases, claims }, context) => {
    for (const [index, one] of claims.entries()) {
      for (const kind of evidenceKinds) {
        const unknown = one[kind]?.releases.find((release) => !Object.hasOwn(releases, release));
        if (unknown === undefined) continue;
        const message = `'${unknown}' is not among the releases above`;
        context.addIssue({ code: 'custom', message, path: ['claims', index, kind, 'releases'] });
      }
    }
  })
  .meta({ description: 'how far it was tried; a plan tells of releases that were not tried on a server' });

type TriedData = z.infer<typeof triedSchema>;

export function buildTried(
  data: TriedData,
  buildCondition: (when: TriedData['releases'][string]) => Condition,
): Tried {
  return {
    role: data.role,
    releases: new Map(Object.entries(data.releases).map(([name, when]) => [name, buildCondition(when)])),
    claims: data.claims.map(({ claim: words, ...found }) => ({ claim: words, evidence: found })),
  };
}
