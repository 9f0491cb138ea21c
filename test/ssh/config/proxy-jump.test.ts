import { describe, expect, test } from 'vitest';
import { isProxyJump, parseProxyJump } from '../../../src/ssh/config/proxy-jump.ts';

describe('ProxyJump', () => {
  test.each([
    ['none', []],
    ['bastion', [{ name: 'bastion', user: undefined, port: undefined }]],
    ['ops@bastion.example.com:2222', [{ name: 'bastion.example.com', user: 'ops', port: 2222 }]],
    ['ops@corp@bastion', [{ name: 'bastion', user: 'ops@corp', port: undefined }]],
    ['[2001:db8::1]:2222', [{ name: '2001:db8::1', user: undefined, port: 2222 }]],
    ['ssh://ops@bastion:22/', [{ name: 'bastion', user: 'ops', port: 22 }]],
    [
      'one, u@two:3',
      [
        { name: 'one', user: undefined, port: undefined },
        { name: 'two', user: 'u', port: 3 },
      ],
    ],
  ])('%s', (text, hops) => {
    expect(parseProxyJump(text)).toEqual(hops);
    expect(isProxyJump(text)).toBe(true);
  });

  test.each(['', 'a,,b', 'a:0', 'a:65536', 'a:b', '-oProxyCommand=x', 'a b', '2001:db8::1', 'u@', '[::1'])(
    '%j is none',
    (text) => {
      expect(() => parseProxyJump(text)).toThrow('not a valid list of jump hosts');
      expect(isProxyJump(text)).toBe(false);
    },
  );
});
