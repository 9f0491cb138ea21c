import type { z } from 'zod';
import type { KeyedFormat, Value } from '../formats/keyed-format.ts';
import type { ByHand } from '../model/plan.ts';
import type { Reads } from '../model/snapshot.ts';
import type { StepHost } from '../virtual/step-host.ts';
import type { CrossCheck } from './cross-check.ts';

/**
 * What a host should look like in one respect. Pure: it sees a virtual host and edits that.
 * Applied to its own result it must change nothing.
 */
export interface StepModule<Parameters = never> {
  /** the word that stands for it in a playbook */
  readonly name: string;
  /** one line for `docs/` and the schema */
  readonly description: string;
  readonly parameters: z.ZodType<Parameters>;
  /** the file that it was read from; undefined for one that comes with the program */
  readonly file?: string | undefined;
  /** parameters that name files of the machine that clusterproxy runs on; they come as absolute paths */
  readonly localFiles?: readonly string[] | undefined;
  /**
   * Its parameter `template` names a file beside the playbook, in the full template language; the outcome
   * comes as `content`.
   */
  readonly takesTemplate?: boolean | undefined;
  /**
   * What it needs to know of the host: from its parameters alone, so that all steps' reads go into one probe.
   * Facts are not known yet, so parameters that templates fill in from them may be missing or empty here: it
   * must not throw.
   */
  reads(parameters: Parameters): Partial<Reads>;
  apply(host: StepHost, parameters: Parameters): void;
  /**
   * How things that it manages are read and put back, where they are neither whole files nor keys of a format
   * of src/formats. A host's ledger has their names, so that later runs can give back what this one set.
   */
  readonly itemFormats?: readonly KeyedFormat[] | undefined;
  /** what has to fit together with other hosts; a playbook asks for it by its name */
  readonly crossCheck?: CrossCheck | undefined;
  /**
   * What an operator has to put by hand on the hosts of a role that somebody else looks after, which nobody
   * looks at. The parameters are filled in as far as they are known, and not checked: it must not throw.
   */
  byHand?(parameters: Value, cluster: { readonly hostname: string }): readonly ByHand[];
}
