import { z } from 'zod';
import { secondsOf } from '../model/duration.ts';
import { checkedText } from './checked-text.ts';

const fileName = z.string().min(1);

const hash = checkedText({
  code: 'wrong-value',
  mistake: (text) =>
    /^[0-9a-f]{64}$/.test(text)
      ? undefined
      : { message: `'${text}' is not a sha256`, next: 'write what sha256sum prints: 64 hexadecimal digits' },
  pattern: /^[0-9a-f]{64}$/,
  description: "of the script's text, as sha256sum prints it: another text is refused",
});

const timeLimit = checkedText({
  code: 'wrong-value',
  mistake: (text) =>
    (secondsOf(text) ?? 0) > 0
      ? undefined
      : { message: `'${text}' is not a time`, next: 'write 90m, 2h or 1h30m' },
  pattern: /^([0-9]+[smh])+$/,
  description: 'after which it is ended and counts as failed; default: 2h',
});

const packageName = checkedText({
  code: 'wrong-value',
  mistake: (text) =>
    /^[a-z0-9][a-z0-9+.-]*$/.test(text)
      ? undefined
      : {
          message: `'${text}' is not the name of a package`,
          next: 'write names as dpkg-query -W shows them',
        },
  pattern: /^[a-z0-9][a-z0-9+.-]*$/,
  description: 'name of a package',
});

/** How the product is upgraded on a host. */
export const upgradeCommand = z
  .strictObject({
    script: fileName.optional().meta({
      description: 'a program beside the inventory, which each host runs as root, with nobody to ask',
    }),
    sha256: hash.optional(),
    args: z.array(z.string()).optional().meta({ description: "the script's arguments" }),
    apt: z
      .strictObject({
        packages: z.array(packageName).min(1).meta({ description: 'names of packages that are installed' }),
        conffiles: z.enum(['keep', 'replace']).meta({
          description:
            'configuration files that were edited on the host and that the new version changes: keep them, or replace them by those of the package',
        }),
      })
      .optional()
      .meta({ description: "bring these packages to their latest version by the host's apt-get" }),
    time_limit: timeLimit.optional(),
    to: z.string().min(1).optional().meta({
      description: 'the version that it leads to, in your words: another one is another upgrade',
    }),
  })
  .superRefine(({ script, sha256, args, apt }, context) => {
    const wrong = (message: string, next: string) =>
      context.addIssue({ code: 'custom', message, params: { code: 'wrong-value', next } });
    if ((script === undefined) === (apt === undefined))
      wrong('expected either a script or apt', 'write script: FILE with sha256:, or apt:');
    else if (script !== undefined && sha256 === undefined)
      wrong('the sha256 of the script is missing', 'write sha256: with what sha256sum prints');
    else if (apt !== undefined && (sha256 !== undefined || args !== undefined))
      wrong('sha256 and args are for a script', 'leave them out');
  });

export type UpgradeData = z.infer<typeof upgradeCommand>;
