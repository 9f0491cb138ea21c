import { expect, it } from 'vitest';
import { loginMistake } from '../../src/inventory/names.ts';

it.each(['root', 'ops', 'ada.lovelace', 'ops@corp.example.com', 'svc_1$', 'bbb.1'])(
  '%s may be who logs in',
  (name) => expect(loginMistake(name)).toBeUndefined(),
);

it.each([
  ['bbb-proxy.example.com', 'looks like the name of a host'],
  ['192.0.2.5', 'is not a user name'],
  ['ops here', 'is not a user name'],
])('%s may not: it %s', (name, why) => expect(loginMistake(name)?.message).toBe(`'${name}' ${why}`));
