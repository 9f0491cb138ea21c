/** Lossless reading and editing of nginx configuration files; see the comments of each function. */
export {
  managedBlockRanges,
  managedBlocks,
  removeManagedBlock,
  setManagedBlock,
} from './managed-blocks.ts';
export {
  type ConfigurationFile,
  type ConfigurationFiles,
  type EffectiveConfiguration,
  type EffectiveServer,
  effectiveConfiguration,
  type PlacedDirective,
} from './nginx/effective/configuration.ts';
export { type Freedom, freedomOf, type Scope, walk } from './nginx/effective/destinations.ts';
export { isLocal, type Listen, listensOf } from './nginx/effective/listen.ts';
export { type ServerAnswer, type Socket, socketAt, socketsOf } from './nginx/effective/sockets.ts';
export { editLocationPaths, type Location, locations } from './nginx/locations.ts';
export { type PrefixOptions, prefixLocations } from './nginx/prefix-locations.ts';
export { quoteArgument } from './nginx/quote.ts';
export { type Argument, type Block, type Directive, scanNginx, scanWalkable } from './nginx/scan.ts';
export { findServers, insertInclude, removeDirective, removeInclude, type Server } from './nginx/servers.ts';
export { nginxSetting } from './nginx/settings.ts';
export { getVariable, removeVariable, setVariable } from './nginx/variables.ts';
