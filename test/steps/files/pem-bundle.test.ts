import { describe, expect, it } from 'vitest';
import { maskFile } from '../../../src/secrets/mask-file.ts';
import { selfSigned } from '../../support/certificates.ts';
import { runStep } from '../../support/run-step.ts';

const [path, crt, ca, key] = ['/etc/haproxy/lb.pem', '/etc/ssl/lb.crt', '/etc/ssl/ca.crt', '/etc/ssl/lb.key'];
const own = selfSigned('lb.example.com', { algorithm: 'rsa' });
const other = selfSigned('ca.example.com', { algorithm: 'ec' });
const wanted = { path, certificates: [crt, ca], key, names: ['lb.example.com'] };
const files = {
  [crt]: own.certificate,
  [ca]: `subject=CA\n${other.certificate}`.replaceAll('\n', '\r\n'),
  [key]: own.key.trimEnd(),
};

describe('pem-bundle', () => {
  it('puts the certificate first, the chain behind it and the key last, for root alone', () => {
    const { text, host, warnings } = runStep('pem-bundle', wanted, { files });
    expect(text(path)).toBe(own.certificate + other.certificate + own.key);
    expect(host.state(path)).toMatchObject({ mode: 0o600, user: 'root' });
    expect(warnings).toEqual([]);
    expect(maskFile(path, text(path) ?? '')).not.toContain(own.key.split('\n')[3]);
  });

  it('finds out which certificate is the key’s, and writes each once', () => {
    const parameters = { ...wanted, certificates: [ca, crt, crt] };
    expect(runStep('pem-bundle', parameters, { files }).text(path)).toBe(
      own.certificate + other.certificate + own.key,
    );
  });

  it('reads through the links of certbot', () => {
    const archive = '/etc/letsencrypt/archive/lb/privkey1.pem';
    const linked = {
      ...files,
      [archive]: own.key,
      '/etc/letsencrypt/live/lb/privkey.pem': { link: '../../archive/lb/privkey1.pem' },
    };
    const { text } = runStep(
      'pem-bundle',
      { ...wanted, key: '/etc/letsencrypt/live/lb/privkey.pem' },
      { files: linked },
    );
    expect(text(path)).toContain(own.key);
  });

  it('takes what certbot keeps where nothing is named, and not one of ours with one of its', () => {
    const live = '/etc/letsencrypt/live/lb.example.com';
    const kept = { [`${live}/fullchain.pem`]: own.certificate, [`${live}/privkey.pem`]: own.key };
    const unnamed = { path, certificates: ['', ''], key: '', certbot_name: 'lb.example.com' };
    expect(runStep('pem-bundle', unnamed, { files: kept }).text(path)).toBe(own.certificate + own.key);
    expect(() => runStep('pem-bundle', { ...unnamed, key }, { files: { ...kept, ...files } })).toThrow(
      expect.objectContaining({ code: 'certificate-missing' }),
    );
  });

  it.each([
    [
      'another certificate’s key',
      { [key]: selfSigned('lb.example.com', { algorithm: 'ec' }).key },
      'key-of-another',
    ],
    ['a file that is no key', { [key]: own.certificate }, 'certificate-unusable'],
    ['a key that is broken', { [key]: own.key.replace(/[A-Za-z]{20}/, 'AAAA') }, 'certificate-unusable'],
    ['a file that is no certificate', { [ca]: 'x' }, 'certificate-unusable'],
    [
      'a certificate that is broken',
      { [ca]: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
      'certificate-unusable',
    ],
    ['a file that is not there', { [ca]: { absent: true } as const }, 'certificate-missing'],
  ])('refuses %s', (_, change, code) => {
    expect(() => runStep('pem-bundle', wanted, { files: { ...files, ...change } })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('warns of a certificate that ran out, soon will, or is for another name', () => {
    const warnings = (pair: { certificate: string; key: string }, names = ['lb.example.com']) =>
      runStep(
        'pem-bundle',
        { ...wanted, certificates: [crt], names },
        { files: { [crt]: pair.certificate, [key]: pair.key } },
      ).warnings;
    expect(warnings(selfSigned('lb.example.com', { days: -1 }))).toEqual([
      expect.stringMatching(/^the certificate expired on \d{4}-/),
    ]);
    expect(warnings(selfSigned('lb.example.com', { days: 3 }))).toEqual([
      expect.stringMatching(/^the certificate expires on/),
    ]);
    expect(warnings(own, ['www.example.com'])).toEqual([
      "the certificate isn't for www.example.com, but for DNS:lb.example.com: browsers refuse it",
    ]);
  });
});
