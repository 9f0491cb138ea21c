import { z } from 'zod';
import { shellEnv as format } from '../../formats/shell-env.ts';
import { flatParameters } from './flat-parameters.ts';
import { keyedModule } from './keyed.ts';

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of a variable');

/** Variables in a file of shell assignments, such as those in /etc/default, read by a shell or by systemd. */
export const shellEnv = keyedModule(
  format,
  'variables in a file of shell assignments',
  flatParameters(variableName),
);
