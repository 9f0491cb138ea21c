import { z } from 'zod';
import { formats } from '../../formats/registry.ts';
import { providesNothing } from '../../model/action.ts';
import { unitPath } from '../../model/snapshot.ts';
import {
  absolutePath,
  attributesOf,
  directoriesOf,
  directoryOf,
  hostname,
  mode,
  ownership,
  scalar,
  unitName,
} from './parameters.ts';

/**
 * The tools with which the built-in step modules are made. The function of a module file is called with them,
 * so that a file beside a playbook needn't import anything.
 */
export const moduleTools = {
  /** zod 4, for `parameters` */
  z,
  /** parts of parameters */
  parameters: { absolutePath, hostname, mode, ownership, scalar, unitName },
  attributesOf,
  directoryOf,
  directoriesOf,
  /** lossless editors: `get`, `set` and `remove` of a key in a text */
  formats,
  unitPath,
  providesNothing,
} as const;
