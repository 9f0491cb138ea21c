import { z } from 'zod';
import { checkedText } from '../../inventory/checked-text.ts';

/** Texts that are used in many places of a playbook. */

export const text = z.string().min(1);

export const oneOrMore = z.union([text, z.array(text).min(1)]);

export const absolutePath = checkedText({
  code: 'wrong-value',
  mistake: (path) =>
    /^\/[^\0-\x1f\x7f]*$/.test(path)
      ? undefined
      : { message: `expected an absolute path, found '${path}'`, next: 'start it with /' },
  description: 'absolute path on the host; * ? [ ] form a glob as in sh(1)',
});
