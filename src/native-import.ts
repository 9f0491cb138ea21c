/**
 * Node's own import(), for what isn't part of the program: modules of an operator's own, and what they have
 * installed. The build puts that of its starter here (scripts/bundling.mjs), since code that V8 takes from a
 * cache has none.
 */
export const nativeImport = (specifier: string): Promise<unknown> => import(specifier);
