import type { z } from 'zod';
import type { KeyedFormat, Value } from '../formats/keyed-format.ts';
import type { InTurns } from '../model/in-turns.ts';
import type { ByHand } from '../model/plan.ts';
import type { Reads } from '../model/reads.ts';
import type { Scraped } from '../model/scraped.ts';
import type { StepHost } from '../virtual/step-host.ts';
import type { CrossCheck } from './cross-check.ts';

/**
 * What a host should look like in one respect. Pure: it sees a virtual host and edits that.
 * Applied to its own result it must change nothing.
 */
export interface StepModule<Parameters = never> {
  /** its name in a playbook */
  readonly name: string;
  /** one line for `docs/` and the schema */
  readonly description: string;
  readonly parameters: z.ZodType<Parameters>;
  /** the file from which it was read; undefined for one that comes with clusterproxy */
  readonly file?: string | undefined;
  /** the text of that file, as it was read */
  readonly text?: string | undefined;
  /**
   * parameters that name files on the machine on which clusterproxy runs; they are passed as absolute paths
   */
  readonly localFiles?: readonly string[] | undefined;
  /**
   * Its parameter `template` names a file beside the playbook, in the full template language; the result is
   * passed as `content`.
   */
  readonly takesTemplate?: boolean | undefined;
  /**
   * What it needs to read from the host, derived from its parameters alone, so that all steps' reads go into
   * one probe. Facts are not known yet, so parameters that templates fill in from them may be missing or
   * empty here: it must not throw.
   */
  reads(parameters: Parameters): Partial<Reads>;
  /**
   * The files and units (by `unitPath`) that it writes, as far as its parameters tell. A plan names them
   * where the step has to wait for something that it reads. Without this, it names what the step has managed
   * until then.
   */
  writes?(parameters: Parameters): readonly string[];
  apply(host: StepHost, parameters: Parameters): void;
  /** the same with pauses, for a step that may have much to do in large files */
  applyInTurns?(host: StepHost, parameters: Parameters): InTurns<void>;
  /**
   * How things that it manages are read and restored, if they are neither whole files nor keys of a format in
   * src/formats. A host's ledger contains their names, so that later runs can restore what this one set.
   */
  readonly itemFormats?: readonly KeyedFormat[] | undefined;
  /** a check of what must agree with other hosts; a playbook asks for it by name */
  readonly crossCheck?: CrossCheck | undefined;
  /** where what it sets up tells what it does; undefined where it doesn't */
  scraped?(parameters: Parameters): Scraped | undefined;
  /**
   * What an operator must put in place by hand on the hosts of a role that somebody else runs, which are
   * never inspected. The parameters are filled in as far as they are known, but not checked: it must not
   * throw.
   */
  byHand?(parameters: Value, cluster: { readonly hostname: string }): readonly ByHand[];
}
