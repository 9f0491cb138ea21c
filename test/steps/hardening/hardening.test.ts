import { describe, expect, it } from 'vitest';
import { caddyLogLines } from '../../../src/steps/hardening/caddy-lines.ts';
import { runStep } from '../../support/run-step.ts';

const caddyfile = '/etc/caddy/Caddyfile';
const options = (text: string) => ({ files: { [caddyfile]: text } });
const given = { software: 'nginx', server: 'own', caddyfile };

function refusal(more: object, host: object = {}): unknown {
  try {
    runStep('hardening', { ...given, ...more }, host);
  } catch (error) {
    return (error as { problem: unknown }).problem;
  }
  return undefined;
}

describe('hardening', () => {
  it('refuses by name what belongs into the block of an operator', () => {
    expect(refusal({ items: [] })).toBeUndefined();
    expect(refusal({ items: ['tls', 'hsts', 'slow_clients'] })).toBeUndefined();
    expect(refusal({ items: [], server: 'include' })).toBeUndefined();
    expect(refusal({ items: ['hsts'], server: 'include' })).toMatchObject({
      code: 'hardening-impossible',
      message: expect.stringMatching(/^hardening: hsts: it belongs into the server block/),
      next: expect.stringContaining('take hsts out'),
    });
  });

  it("leaves Caddy's times to its operator, and takes them where they are", () => {
    const caddy = { software: 'caddy', items: ['slow_clients'] };
    const times = '{\n\tservers {\n\t\ttimeouts {\n\t\t\tread_header 15s\n\t\t}\n\t}\n}\n';
    expect(refusal(caddy, options(times))).toBeUndefined();
    for (const text of [
      '',
      ':80 {\n}\n',
      '{\n\tservers {\n\t}\n}\n',
      `{\n}\n${times}`.replace('{\n}\n', ':80 {\n}\n'),
    ]) {
      expect(refusal(caddy, options(text))).toMatchObject({
        code: 'hardening-impossible',
        next: expect.stringContaining('read_header 15s'),
      });
    }
  });

  it("takes Caddy's masks only where they are for all that may be logged", () => {
    const caddy = { software: 'caddy', items: ['masked_logs'] };
    const both = caddyLogLines.join('\n');
    const flat = both.replace(/\t*(?:wrap json|fields \{|\}(?=\n\t\}\n\}))\n/g, '');
    expect(flat).not.toContain('fields');
    for (const good of [both, flat, both.replace('log {', 'log default {')])
      expect(refusal(caddy, options(`{\n${good}\n}\n`)), good).toBeUndefined();
    for (const bad of [
      both.replace('log {', 'log other {'),
      both.replace(/.*Referer.*\n/, ''),
      both.replace(/.*request>uri.*\n/, ''),
    ])
      expect(refusal(caddy, options(`{\n${bad}\n}\n`)), bad).toMatchObject({ code: 'hardening-impossible' });
    const slow = { software: 'caddy', items: ['slow_clients'] };
    const times = (address: string) =>
      options(`{\n\tservers ${address} {\n\t\ttimeouts {\n\t\t\tread_header 15s\n\t\t}\n\t}\n}\n`);
    expect(refusal(slow, times(':443'))).toBeUndefined();
    expect(refusal(slow, times(':8080'))).toBeDefined();
  });
});
