#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { cacheOfAccount } from '../single-file/cache.ts';
import { compile } from './compile.ts';

/**
 * What Node.js runs first. All code lies in one file beside it, and each part of that (main, prepare, …) has
 * a copy of this starter under its own name. One file, compiled in advance, is taken up in a third of the
 * time that some hundred modules need.
 */
declare const programName: string;

/** What the build makes of src: a function of what Node.js gives to a module, and of its import(). */
type Program = (
  exports: { parts?: Readonly<Record<string, () => Promise<unknown>>> },
  require: NodeJS.Require,
  filename: string,
  dirname: string,
  nativeImport: (specifier: string) => Promise<unknown>,
) => void;

// Most of what a start makes stays: V8 would copy it back and forth ten times while it has room for little.
setFlagsFromString('--semi-space-growth-factor=16');

const here = fileURLToPath(import.meta.url);
const folder = dirname(here);
const part = basename(here, extname(here));
const file = `${programName}.cjs`;
const uid = process.geteuid?.() ?? 0;
const cache = cacheOfAccount({ uid, variables: process.env, home: homedir });

const text = isSea()
  ? Buffer.from(getRawAsset(`dist/${file}`) as ArrayBuffer)
  : readFileSync(join(folder, file));
const program = compile({
  name: programName,
  source: text.toString('latin1'),
  path: join(folder, file),
  // What the build has compiled is for another Node.js than that of a single file.
  beside: isSea() ? undefined : folder,
  own: cache && join(cache, 'code'),
  uid,
  command: part === 'main' ? (process.argv[2] ?? '') : part,
}) as Program;

const exports: Parameters<Program>[0] = {};
program(exports, createRequire(import.meta.url), here, folder, (specifier) => import(specifier));
void exports.parts?.[part]?.();
