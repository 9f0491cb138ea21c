import { z } from 'zod';
import { checkedText } from '../../inventory/checked-text.ts';

function named(pattern: RegExp, words: string, description: string, editors: RegExp = pattern) {
  return checkedText({
    code: 'invalid-name',
    mistake: (text) =>
      pattern.test(text)
        ? undefined
        : { message: `'${text}' is not a valid name here; expected ${words}`, next: 'give it another name' },
    pattern: editors,
    description,
  });
}

/** A name that templates can use. */
export const word = named(
  /^[a-z][a-z0-9_]*$/,
  "lower-case letters, digits and '_', starting with a letter",
  'a name that templates can use',
);
/** A name of a role. */
export const roleName = named(
  /^[a-z][a-z0-9-]*$/,
  "lower-case letters, digits and '-', starting with a letter",
  'name of a role',
);
/** What something is called in its role. */
export const id = named(
  /^[a-z0-9][a-z0-9.-]*$/,
  "lower-case letters, digits, '-' and '.'",
  'unique in its role; shown in reports',
  // As written, with names that are filled in before it is checked.
  /^(?:[a-z0-9.-]|\{\{ *names\.[a-z0-9_]+ *\}\})+$/,
);
/** Names of packages: deb-control(5), and the wildcards of dpkg-query(1). */
export const packagePattern = named(
  /^[a-z0-9][a-z0-9+.*?-]*$/,
  "lower-case letters, digits, '+', '-', '.', and the wildcards '*' and '?', starting with a letter or digit",
  'name of a package; `*` and `?` stand for any characters',
  /^(?:[a-z0-9+.*?-]|\{\{ *names\.[a-z0-9_]+ *\}\})+$/,
);
/** What a playbook calls its product. */
export const namesSchema = z
  .record(word, named(/^[^\0-\x1f\x7f{}]+$/, 'one line of text without braces', 'what stands for the word'))
  .meta({
    description: 'what the playbook calls its product; {{ names.WORD }} stands for it in every text and key',
  });
