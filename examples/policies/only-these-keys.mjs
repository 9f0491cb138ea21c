#!/usr/bin/env node
// only-these-keys.mjs PATH KEY...: in this file of properties only these keys may change.
import { text } from 'node:stream/consumers';

const [path, ...keys] = process.argv.slice(2);
const { hosts } = JSON.parse(await text(process.stdin));
const deny = hosts.flatMap(({ name, changes }) =>
  changes
    .filter((change) => change.path === path)
    .flatMap(({ diff }) =>
      diff
        .split('\n')
        .flatMap((line) => /^[-+] *([\w.]+) *=/.exec(line)?.[1] ?? [])
        .filter((key, index, all) => !keys.includes(key) && all.indexOf(key) === index)
        .map((key) => `${key} in ${path} of ${name} would change`),
    ),
);
console.log(JSON.stringify({ deny }));
