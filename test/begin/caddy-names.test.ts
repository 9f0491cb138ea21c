import { describe, expect, it } from 'vitest';
import { introduce, introductionReads } from '../../src/begin/found.ts';
import { selfSigned } from '../support/certificates.ts';
import { snapshotOf } from '../support/snapshot-from-folder.ts';

const own =
  '/var/lib/caddy/.local/share/caddy/certificates/acme-v02.example/bbb.example.com/bbb.example.com.crt';

describe('a host with Caddy', () => {
  it('answers for its sites, with the certificates that they name and that Caddy has got itself', () => {
    const files = {
      '/etc/caddy/Caddyfile': `{
	email ada@example.com
}
http://old.example.com, www.example.com {
	tls /etc/ssl/www.pem /etc/ssl/www.key
}
bbb.example.com, {$OTHER} {
	respond "hello"
}
*.example.org, :8404 {
	tls internal
}
`,
      '/etc/ssl/www.pem': selfSigned('www.example.com').certificate,
      [own]: selfSigned('bbb.example.com').certificate,
    };
    const reads = introductionReads([]);
    const first = snapshotOf(
      { name: 'proxy', files },
      { ...reads, paths: [...reads.paths, '/etc/ssl/www.pem'] },
    );
    const { programs, publicNames, certificates } = introduce(first, []);
    expect(programs).toContain('Caddy');
    expect(publicNames).toEqual(['old.example.com', 'www.example.com', 'bbb.example.com']);
    expect(certificates.map(({ file }) => file)).toEqual(['/etc/ssl/www.pem', own]);
  });

  it('answers for nothing that can be read where its file is broken', () => {
    const files = { '/etc/caddy/Caddyfile': 'bbb.example.com {\n' };
    expect(introduce(snapshotOf({ name: 'proxy', files }, introductionReads([])), []).publicNames).toEqual(
      [],
    );
  });
});
