import { pathsCheck } from '../relay/paths-check.ts';
import { caddyBlock } from './block-format.ts';
import { locationsName } from './locations-parameters.ts';
import { relayedIn } from './relayed.ts';

/** That a Caddy relays what the nodes serve. */
export const caddyPaths = pathsCheck('caddy-paths', {
  module: locationsName,
  format: caddyBlock,
  relayed: relayedIn,
});
