import { describe, expect, it } from 'vitest';
import type { Query } from '../../../src/model/reads.ts';
import { mistakes, runStep } from '../../support/run-step.ts';

describe('certbot', () => {
  const wanted = { names: ['media.example.com', 'www.example.com'], valid_days: 7 };
  const chain = '/etc/letsencrypt/live/media.example.com/fullchain.pem';
  const valid: Query = { kind: 'certificate', args: [chain, '7', ...wanted.names] };

  it('fetches a certificate for all names, where none is good enough', () => {
    const { actions } = runStep('certbot', { ...wanted, email: 'ops@example.com' }, {});
    expect(actions).toMatchObject([{ name: 'fetch certificate media.example.com', unless: valid }]);
    const [run] = actions.map((action) => action.run);
    expect(run).toMatchObject({ kind: 'certbot', port: 8888, name: 'media.example.com' });
    const words = run?.kind === 'certbot' ? run.argv.join(' ') : '';
    expect(words).toContain('certonly --standalone --non-interactive --agree-tos --email ops@example.com');
    expect(words).toContain('--domain media.example.com --domain www.example.com');
    expect(words).not.toContain('--server');
  });

  it('leaves one alone that is', () => {
    const answers = [[valid, { status: 0, output: '' }]] as const;
    expect(runStep('certbot', wanted, { answers }).actions).toEqual([]);
  });

  it('takes another authority, which has to be asked by https', () => {
    const server = 'https://ca.example.com/dir';
    const [action] = runStep('certbot', { ...wanted, server }, {}).actions;
    expect(action?.run).toMatchObject({ argv: expect.arrayContaining(['--server', server]) });
    expect(action?.notes.join()).toContain(`terms of ${server}`);
    expect(mistakes('certbot', { ...wanted, server: 'http://ca.example.com' }).join()).toContain('https://');
    expect(mistakes('certbot', { names: [] }).join()).toContain('at least one name');
  });

  it('tells what it reads before facts are known', () => {
    expect(() => runStep('certbot', { names: ['a.example.com'] }, {})).not.toThrow();
  });

  const renewal = '/etc/letsencrypt/renewal/media.example.com.conf';
  const isValid = [valid, { status: 0, output: '' }] as const;

  it('keeps the names of one that certbot has, if it is to', () => {
    const asked: Query = {
      kind: 'command',
      args: ['openssl', 'x509', '-noout', '-ext', 'subjectAltName', '-in', chain],
    };
    const has = (names: string) => ({
      files: { [chain]: 'a certificate', [renewal]: '' },
      answers: [[asked, { status: 0, output: `X509v3 Subject Alternative Name: \n    ${names}\n` }]] as const,
    });
    const fetched = (names: string, keep_names = true) => {
      const [action] = runStep('certbot', { ...wanted, keep_names }, has(names)).actions;
      return action?.run.kind === 'certbot'
        ? action.run.argv.filter((_, at, all) => all[at - 1] === '--domain')
        : [];
    };
    const names = 'DNS:Media.example.com, DNS:shop.example.com';
    expect(fetched(names)).toEqual([...wanted.names, 'shop.example.com']);
    expect(fetched(names, false)).toEqual(wanted.names);
    expect(fetched('DNS:media.example.com')).toEqual(wanted.names);
    expect(() => fetched(`${names}, DNS:*.example.com`)).toThrow(/nothing on port 80 proves/);
  });

  it('refuses a folder of files that certbot does not know, before it asks the authority', () => {
    const files = { [chain]: 'copied from another host' };
    expect(() => runStep('certbot', wanted, { files })).toThrow(/has files that certbot doesn't know/);
    const { actions, warnings } = runStep('certbot', wanted, { files, answers: [isValid] });
    expect(actions).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/^nobody renews the certificate/)]);
  });

  it.each([
    ['standalone', 'authenticator = standalone\nhttp01_port = 8888', { http_01_port: 8888 }, undefined],
    [
      'another port',
      'authenticator = standalone\nhttp01_port = 8080',
      {},
      /passes challenges on to it there/,
    ],
    ['port 80', 'authenticator = standalone', {}, /port 80 itself, which is taken/],
    [
      'a folder, and no folder is answered from',
      'authenticator = webroot\nwebroot_path = /srv,',
      {},
      /no folder/,
    ],
    ['nginx', 'authenticator = nginx', {}, /plugin for nginx/],
    ['nginx where nginx answers', 'authenticator = nginx', { webroot: '/srv' }, undefined],
    ['a folder', 'authenticator = webroot\nwebroot_path = /srv,', { webroot: '/srv' }, undefined],
    [
      'a second folder',
      'authenticator = webroot\nwebroot_path = /second,',
      { webroot: '/srv', answered_from: ['/second'] },
      undefined,
    ],
    [
      'another folder',
      'authenticator = webroot\nwebroot_path = /other,',
      { webroot: '/srv' },
      /into \/other/,
    ],
    ['dns-01', 'authenticator = dns-rfc2136', {}, undefined],
  ])('tells whether certbot can renew the one that it has: %s', (_, text, more, told) => {
    const files = { [chain]: 'a certificate', [renewal]: `[renewalparams]\n${text}\n` };
    const { warnings } = runStep('certbot', { ...wanted, ...more }, { files, answers: [isValid] });
    expect(warnings).toEqual(told === undefined ? [] : [expect.stringMatching(told)]);
  });
});
