import { hostname } from 'node:os';
import { operatorName } from './operator-name.ts';

/** Who runs this program, and on which machine: for the records on the hosts. */
export function operatorHere(): { readonly operator: string; readonly from: string } {
  return { operator: operatorName(), from: hostname() };
}
