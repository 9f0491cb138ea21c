import { clean } from '../../document/clean-text.ts';
import type { ProgressEvent } from '../../model/progress.ts';
import type { SecretRegister } from '../../secrets/register.ts';
import { ownLine, showableLine } from '../../secrets/showable.ts';

/** What takes the secrets of a run out of plain data. */
export type Masker = Pick<SecretRegister, 'maskAll' | 'size'>;

/**
 * A name or a path on one line, with control characters made visible. Unlike `cleanLine` it keeps every
 * blank: scripts take it for the name of something.
 */
export function cleanName(text: string): string {
  return clean(text).replace(/[\n\t]/g, ' ');
}

/** Something that happened, as it may be shown. */
export function harmlessEvent(event: ProgressEvent, secrets: Masker): ProgressEvent {
  const masked = secrets.maskAll(event);
  switch (masked.kind) {
    case 'looking':
      return masked;
    case 'looked':
      return { ...masked, host: cleanName(masked.host) };
    case 'begun':
      return { ...masked, run: cleanName(masked.run) };
    case 'ended':
      return {
        ...{ ...masked, host: cleanName(masked.host) },
        problem: masked.problem === undefined ? undefined : showableLine(masked.problem),
      };
    case 'message':
      return { ...masked, text: ownLine(masked.text) };
    case 'host':
      return {
        ...masked,
        host: cleanName(masked.host),
        detail: masked.detail === undefined ? undefined : showableLine(masked.detail),
      };
  }
}

/** A sentence for the person in front of the terminal, as it may be shown. */
export function harmlessMessage(text: string, secrets: Masker): string {
  return clean(secrets.maskAll(text));
}
