import { z } from 'zod';
import { properties as format } from '../../formats/properties.ts';
import { flatParameters } from './flat-parameters.ts';
import { keyedModule } from './keyed.ts';

/** Keys of a Java properties file. A name is one key, including its dots: `bigbluebutton.web.logoutURL`. */
export const properties = keyedModule(
  format,
  'keys of a Java properties file',
  flatParameters(z.string().min(1)),
);
