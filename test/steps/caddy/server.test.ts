import { describe, expect, it } from 'vitest';
import type { Query } from '../../../src/model/reads.ts';
import { runStep } from '../../support/run-step.ts';
import type { FakeHost } from '../../support/snapshot-from-folder.ts';

const main = '/etc/caddy/Caddyfile';
const server = {
  path: '/etc/caddy/clusterproxy/prod.caddy',
  hostname: 'bbb-proxy.example.com',
  import: '/etc/caddy/clusterproxy/prod/*.caddy',
};
const stock = `# Debian's.

:80 {
	# Set this path to your site's directory.
	root * /usr/share/caddy

	# Enable the static file server.
	file_server
}
`;
const having = (text: string, more: FakeHost = {}): FakeHost => ({
  ...more,
  files: { [main]: text, ...more.files },
});

describe('caddy-server', () => {
  it('writes a site, for which Caddy gets a certificate, and imports it', () => {
    const { text, warnings, managed } = runStep('caddy-server', server, having(stock));
    expect(warnings).toEqual([]);
    expect(managed).toEqual([
      { path: server.path, format: 'file', key: [] },
      { path: main, format: 'caddy-import', key: ['', server.path] },
    ]);
    expect(text(main)).toBe(`${stock}import ${server.path}\n`);
    expect(text(server.path)).toBe(`# Written by clusterproxy, step the-step: edits get lost.

http://bbb-proxy.example.com {
	handle /.well-known/acme-challenge/* {
		root * /var/www/html
		file_server
	}
	handle {
		redir https://bbb-proxy.example.com{uri} 301
	}
}

https://bbb-proxy.example.com {
	@clusterproxy_unclean expression \`{http.request.uri.path}.matches("//|(^|/)[.][.]?(;[^/]*)?(/|$)")\`
	handle @clusterproxy_unclean {
		respond 400
	}
	import /etc/caddy/clusterproxy/prod/*.caddy
	handle {
		respond 404
	}
}
`);
  });

  it('uses a certificate in files, and leaves out what is not wanted', () => {
    const wanted = {
      ...{ ...server, certificate: '/etc/ssl/p.pem', certificate_key: '/etc/ssl/p.key' },
      redirect_http: false,
    };
    const text = '{\n\tauto_https disable_redirects\n}\n';
    const { text: written, warnings } = runStep('caddy-server', wanted, having(text));
    expect(written(server.path)).toContain('\ttls /etc/ssl/p.pem /etc/ssl/p.key\n');
    expect(written(server.path)).not.toContain('http://');
    expect(warnings).toEqual([]);
  });

  it('says that Caddy redirects by itself, unless it is told not to', () => {
    const { warnings } = runStep('caddy-server', { ...server, redirect_http: false }, having(''));
    expect(warnings).toEqual([expect.stringContaining('auto_https disable_redirects')]);
  });

  it('listens on IPv4 alone, where no other site is there', () => {
    const alone = runStep('caddy-server', { ...server, ipv6: false }, having('# nothing\n'));
    expect(alone.text(server.path)?.match(/^\tbind 0\.0\.0\.0$/gm)).toHaveLength(2);
    const beside = runStep('caddy-server', { ...server, ipv6: false }, having(stock));
    expect(beside.text(server.path)).not.toContain('bind');
    expect(beside.warnings).toEqual([expect.stringContaining('on IPv6 too')]);
  });

  const certified = { ...server, certificate: '/etc/ssl/p.pem', certificate_key: '/etc/ssl/p.key' };
  const isThere = (status: number): [Query, { status: number; output: string }] => [
    { kind: 'command', args: ['test', '-r', '/etc/ssl/p.key'] },
    { status, output: '' },
  ];
  const caddyMay = (status: number, output = ''): [Query, { status: number; output: string }] => [
    { kind: 'command', args: ['runuser', '-u', 'caddy', '--', 'test', '-r', '/etc/ssl/p.key'] },
    { status, output },
  ];

  it('refuses a certificate that is not there, or not for the account caddy', () => {
    expect(() => runStep('caddy-server', certified, having('', { answers: [isThere(1)] }))).toThrow(
      expect.objectContaining({ code: 'certificate-missing', message: expect.stringContaining('p.key') }),
    );
    const answers = [isThere(0), caddyMay(1)];
    expect(() => runStep('caddy-server', certified, having('', { answers }))).toThrow(
      expect.objectContaining({
        code: 'certificate-unreadable',
        message: "the account caddy, as which Caddy runs, can't read /etc/ssl/p.key",
      }),
    );
    for (const known of [caddyMay(0), caddyMay(127), caddyMay(1, 'runuser: user caddy does not exist')]) {
      runStep('caddy-server', certified, having('', { answers: [isThere(0), known] }));
    }
    expect(() => runStep('caddy-server', { ...certified, certificate_key: '' }, having(''))).toThrow(
      /needs both/,
    );
    expect(() => runStep('caddy-server', server, having('{\n\tauto_https off\n}\n'))).toThrow(
      expect.objectContaining({ code: 'certificate-missing' }),
    );
  });

  it.each([
    ['bbb-proxy.example.com', /has the site bbb-proxy.example.com for/],
    ['learn.example.com, https://BBB-Proxy.example.com:443', /has the site https:/],
    ['http://bbb-proxy.example.com', /has the site http:/],
  ])('refuses a second site for the name: %s', (address, message) => {
    const refused = () => runStep('caddy-server', server, having(`# x\n${address} {\n}\n`));
    expect(refused).toThrow(message);
    expect(refused).toThrow(
      expect.objectContaining({ code: 'server-name-taken', message: expect.stringContaining(`${main}:2 `) }),
    );
  });

  it('leaves port 80 to a site that is there, if it shall', () => {
    const text = '{\n\tauto_https disable_redirects\n}\nhttp://bbb-proxy.example.com {\n}\n';
    expect(runStep('caddy-server', { ...server, redirect_http: false }, having(text)).warnings).toEqual([]);
  });

  it('finds a site in a file that is imported, and says which it could not look into', () => {
    const files = { '/etc/caddy/sites/a.caddy': 'bbb-proxy.example.com {\n}\n' };
    expect(() => runStep('caddy-server', server, having('import sites/*.caddy\n', { files }))).toThrow(
      /\/etc\/caddy\/sites\/a\.caddy:1/,
    );
    expect(runStep('caddy-server', server, having('', { files })).warnings).toEqual([]);
    const { warnings } = runStep('caddy-server', server, having('import /srv/*\n(own) {\n}\nimport own\n'));
    expect(warnings).toEqual([expect.stringContaining('imports /srv/*, which was not read')]);
  });

  it.each([['*.example.com'], [':443'], ['https://']])('takes the place of %s only if it may', (address) => {
    const host = having(`${address} {\n\trespond hi\n}\n`);
    expect(() => runStep('caddy-server', server, host)).toThrow(
      expect.objectContaining({ code: 'server-name-taken' }),
    );
    const { warnings } = runStep('caddy-server', { ...server, replace_server: true }, host);
    expect(warnings).toEqual([expect.stringContaining("clusterproxy's own site takes its place")]);
  });

  it.each([['a.example.com'], ['bbb-proxy.example.com:8443'], ['bbb-proxy.example.com/own/*'], ['{$SITE}']])(
    'goes beside %s',
    (address) => {
      const text = `${address} {\n}\n`;
      expect(runStep('caddy-server', server, having(text)).text(main)).toBe(`${text}import ${server.path}\n`);
    },
  );

  it('refuses to add a line to a site without braces, and to make a Caddyfile', () => {
    expect(() => runStep('caddy-server', server, having('a.example.com\n\nroot * /srv\n'))).toThrow(
      expect.objectContaining({
        code: 'site-without-braces',
        message: expect.stringContaining('a.example.com'),
      }),
    );
    expect(() => runStep('caddy-server', server, {})).toThrow(
      expect.objectContaining({ code: 'file-missing' }),
    );
  });

  it('adds no line where another one imports the file', () => {
    const text = 'import clusterproxy/*.caddy\n';
    const { changed, managed } = runStep('caddy-server', server, having(text));
    expect(changed).not.toContain(main);
    expect(managed).toHaveLength(1);
  });

  it('says where a Caddyfile can not be understood', () => {
    expect(() => runStep('caddy-server', server, having('a.example.com {\n'))).toThrow(
      expect.objectContaining({ code: 'file-not-understood' }),
    );
  });
});

describe('caddy-import', () => {
  const wanted = { default_server_name: 'bbb-proxy.example.com', import: server.import };
  const line = `import ${server.import}`;

  it('puts one line at the top of the site', () => {
    const text =
      '{\n\tdebug\n}\na.com {\n}\nhttp://bbb-proxy.example.com {\n}\nbbb-proxy.example.com {\n\troot * /srv\n}\n';
    const { text: after, managed, warnings } = runStep('caddy-import', wanted, having(text));
    expect(after(main)).toBe(text.replace('\troot', `\t${line}\n\troot`));
    expect(managed).toEqual([
      { path: main, format: 'caddy-import', key: ['bbb-proxy.example.com', server.import] },
    ]);
    expect(warnings).toEqual([]);
  });

  it('into a site without braces, in another file, by its address', () => {
    const file = '/etc/caddy/sites/own';
    const files = { [file]: '*.example.com\nroot * /srv\n' };
    const { text } = runStep(
      'caddy-import',
      { ...wanted, path: file, server_name: '*.example.com' },
      having('import sites/*\n', { files }),
    );
    expect(text(file)).toBe(`*.example.com\n${line}\nroot * /srv\n`);
  });

  it.each([
    ['a.com {\n}\n', {}, 'server-not-found', /no site bbb-proxy.example.com; it has a.com/],
    ['a.com {\n}\n', { path: '/srv/x' }, 'server-not-found', /does not exist/],
    [
      'bbb-proxy.example.com {\n}\n*.example.com {\n}\n',
      { server_name: '*.example.com' },
      'server-not-reached',
      /what answers is \/etc\/caddy\/Caddyfile:1/,
    ],
  ])('refuses %j with %j', (text, more, code, message) => {
    const refused = () => runStep('caddy-import', { ...wanted, ...more }, having(text));
    expect(refused).toThrow(expect.objectContaining({ code }));
    expect(refused).toThrow(message);
  });

  it('refuses a file that Caddy does not read', () => {
    const path = '/etc/caddy/sites-available/own';
    const files = { [path]: 'bbb-proxy.example.com {\n}\n' };
    expect(() => runStep('caddy-import', { ...wanted, path }, having('import sites/*\n', { files }))).toThrow(
      expect.objectContaining({ code: 'server-not-reached' }),
    );
  });

  it('warns of a site without TLS', () => {
    const text = 'http://bbb-proxy.example.com {\n}\n';
    expect(runStep('caddy-import', wanted, having(text)).warnings).toEqual([
      expect.stringContaining('has no TLS'),
    ]);
  });
});
