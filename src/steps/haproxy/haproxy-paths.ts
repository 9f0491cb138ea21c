import { pathsCheck } from '../relay/paths-check.ts';
import { haproxyNode } from './block-formats.ts';
import { haproxyLocationsName } from './locations-parameters.ts';
import { routesOf } from './read-backends.ts';

/** That a HAProxy relays what the nodes serve. */
export const haproxyPaths = pathsCheck('haproxy-paths', {
  module: haproxyLocationsName,
  format: haproxyNode,
  relayed: routesOf,
});
