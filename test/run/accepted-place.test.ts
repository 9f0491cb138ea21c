import { expect, it } from 'vitest';
import { meant } from '../../src/run/accepted-place.ts';

const host = 'balancer-1';
const units = ['haproxy.service', 'certbot.timer'];
const keys = ['maxconn', 'certbot.timer', 'enabled'];

it.each([
  ['a unit', { key: 'haproxy.service' }, { path: 'haproxy.service' }],
  ['a unit without its type', { key: 'haproxy' }, { path: 'haproxy.service' }],
  ['one aspect of it', { path: 'haproxy', key: 'enabled' }, { path: 'haproxy.service', key: 'enabled' }],
  ['a key', { key: 'maxconn' }, { key: 'maxconn' }],
  ['a key with the name of a unit', { key: 'certbot.timer' }, { key: 'certbot.timer' }],
  ['neither', { key: 'other.service' }, { key: 'other.service' }],
  ['a file', { path: '/etc/haproxy', key: 'maxconn' }, { path: '/etc/haproxy', key: 'maxconn' }],
])('%s', (_, given, place) => {
  expect(meant({ host, ...given }, units, keys)).toEqual({ host, ...place });
});
