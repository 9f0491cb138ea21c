/** Lossless reading and editing of Caddyfiles; see the comments of each function. */
export { type Address, addressOf, type HowNamed, namedBy } from './caddyfile/address.ts';
export { importsOf, insertImport, removeImport } from './caddyfile/imports.ts';
export { insertOptions, ownOptions, removeOptions } from './caddyfile/options.ts';
export { removalOf, type Statement, scanCaddyfile } from './caddyfile/scan.ts';
export { type Caddyfile, caddyfileOf, type Site } from './caddyfile/sites.ts';
export { type Token, tokensOf } from './caddyfile/tokens.ts';
export { caddyWord } from './caddyfile/words.ts';
