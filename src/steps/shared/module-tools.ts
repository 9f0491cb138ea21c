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
 * What the built-in step modules are made with. The function of a module file is called with it, so that a
 * file beside a playbook needs to import nothing.
 */
export const moduleTools = {
  /** zod 4, for `parameters` */
  z,
  /** parts of parameters */
  parameters: { absolutePath, hostname, mode, ownership, scalar, unitName },
  attributesOf,
  directoryOf,
  directoriesOf,
  /** loss-free editors: `get`, `set` and `remove` of a key in a text */
  formats,
  unitPath,
  providesNothing,
} as const;
