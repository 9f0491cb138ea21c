import { addToList, yaml as format } from '../../formats/yaml.ts';
import { keyedModule } from './keyed.ts';
import { nestedParameters } from './nested-parameters.ts';

/** Keys of a YAML file. */
export const yaml = keyedModule(format, 'keys of a YAML file', nestedParameters, addToList);
