import { locations } from '../../formats/nginx.ts';
import { pathsCheck, type Relayed } from '../relay/paths-check.ts';
import { nginxBlock } from './block-format.ts';
import { locationsName } from './locations-parameters.ts';

/** That an nginx relays what the nodes serve. */
export const nginxPaths = pathsCheck('nginx-paths', { module: locationsName, format: nginxBlock, relayed });

function relayed(block: string): readonly Relayed[] {
  return locations(block).flatMap(({ path, directive }) => {
    const pass = directive.block?.directives.find(({ name }) => name === 'proxy_pass')?.args[0]?.text;
    return pass === undefined ? [] : [{ path, target: pass.replace(/^\w+:\/\/[^/]+/, '') }];
  });
}
