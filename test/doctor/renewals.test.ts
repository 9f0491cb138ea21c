import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'renewals-'));
  mkdirSync(join(root, 'proc/net'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const name = 'bbb.example.com';

function told(files: Readonly<Record<string, string>>): readonly string[] {
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    chmodSync(file, 0o755);
  }
  const text = (file: string) => readFileSync(join(packageRoot(), 'src/host/remote', file), 'utf8');
  const program = `${text('library.sh')}\n${text('certificate-words.sh')}\n${text('surroundings.sh')}`;
  const said = execFileSync('sh', ['-c', program, 'surroundings', name], {
    env: { PATH: process.env.PATH, CLUSTERPROXY_ROOT: root },
    encoding: 'utf8',
    // A host gives it ten.
    timeout: 10_000,
  });
  expect(said).toMatch(/^end\u001f$/m);
  const lines = said.split('\n').filter((line) => /^(?:uses|reloads)\u001f/.test(line));
  return [...new Set(lines.map((line) => line.replace('\u001f', ' ')))].sort();
}

const nginx = {
  '/etc/nginx/sites-enabled/a': `  ssl_certificate /etc/letsencrypt/live/${name}/fullchain.pem;`,
};
const conf = `/etc/letsencrypt/renewal/${name}.conf`;

it('finds who uses a certificate, and whom hooks tell', () => {
  expect(
    told({
      ...nginx,
      [conf]: 'renew_hook = systemctl reload nginx\n',
      '/etc/turnserver.conf': `cert=/etc/letsencrypt/live/${name}/fullchain.pem\n`,
      '/etc/haproxy/haproxy.cfg':
        'frontend a\n    bind *:443,:::443 ssl crt /etc/haproxy/bundle.pem alpn h2\n',
      '/etc/letsencrypt/renewal-hooks/deploy/a':
        '#!/bin/sh\n# systemctl reload coturn\nsystemctl reload haproxy\n',
    }),
  ).toEqual([
    'reloads haproxy',
    'reloads nginx',
    `uses coturn ${name}`,
    `uses haproxy ${name} 443`,
    `uses nginx ${name}`,
  ]);
});

it("counts certbot's own installer, cron, and programs of the operator's", () => {
  expect(told({ ...nginx, [conf]: 'installer = nginx\n' })).toEqual(['reloads nginx', `uses nginx ${name}`]);
  expect(told({ [conf]: '', '/etc/cron.daily/renew': 'certbot renew\nsystemctl reload nginx\n' })).toContain(
    'reloads nginx',
  );
  expect(
    told({ [conf]: '', '/etc/letsencrypt/renewal-hooks/deploy/b': '/usr/local/bin/renewed\n' }),
  ).toContain('reloads ?');
});

it('says nothing where certbot renews nothing', () => {
  expect(told({ ...nginx, '/etc/letsencrypt/renewal-hooks/deploy/a': 'systemctl reload nginx\n' })).toEqual(
    [],
  );
});

it('takes no longer where a hook is a large program, which may do anything', () => {
  const program = `\u007fELF\u0002\n${'\n\u0001 abc'.repeat(2_000_000)}`;
  const started = performance.now();
  expect(told({ ...nginx, [conf]: '', '/etc/letsencrypt/renewal-hooks/deploy/a': program })).toEqual([
    'reloads ?',
    `uses nginx ${name}`,
  ]);
  expect(performance.now() - started).toBeLessThan(4_000);
  const python = '#!/usr/bin/env python3\nimport hooks\nhooks.run()\n';
  expect(told({ '/etc/letsencrypt/renewal-hooks/deploy/a': python })).toContain('reloads ?');
});

it("waits for nothing that a link in nginx's folder leads to, nor for a pipe", () => {
  mkdirSync(join(root, 'etc/nginx'), { recursive: true });
  mkdirSync(join(root, 'etc/cron.d'), { recursive: true });
  mkdirSync(join(root, 'videos'));
  execFileSync('truncate', ['-s', '60G', join(root, 'videos/a.mp4')]);
  symlinkSync(join(root, 'videos'), join(root, 'etc/nginx/html'));
  execFileSync('mkfifo', [join(root, 'etc/cron.d/a')]);
  expect(told({ [conf]: 'installer = nginx\n' })).toEqual(['reloads nginx']);
});

it('takes what is in sites-available for used only where it is enabled', () => {
  told({ [conf]: '', '/etc/nginx/sites-available/a': nginx['/etc/nginx/sites-enabled/a'] });
  expect(told({})).toEqual([]);
  mkdirSync(join(root, 'etc/nginx/sites-enabled'));
  symlinkSync('../sites-available/a', join(root, 'etc/nginx/sites-enabled/a'));
  expect(told({})).toEqual([`uses nginx ${name}`]);
});
