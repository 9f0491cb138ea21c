#!/usr/bin/env node
// Never two proxies in one run: if both got the same mistake, nobody would get in.
import { text } from 'node:stream/consumers';

const { hosts } = JSON.parse(await text(process.stdin));
const proxies = hosts
  .filter(({ role, status }) => role === 'proxy' && status === 'would-change')
  .map(({ name }) => name);
const deny =
  proxies.length > 1
    ? [`${proxies.join(' and ')} would be changed in one run; name one of them with --limit`]
    : [];
console.log(JSON.stringify({ deny }));
