import { addToList, json as format } from '../../formats/json.ts';
import { keyedModule } from './keyed.ts';
import { nestedParameters } from './nested-parameters.ts';

/** Keys of a JSON file; comments, which some programs allow, are kept. */
export const json = keyedModule(format, 'keys of a JSON file', nestedParameters, addToList);
