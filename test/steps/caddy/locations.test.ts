import { describe, expect, it } from 'vitest';
import type { Value } from '../../../src/formats/keyed-format.ts';
import type { Query } from '../../../src/model/reads.ts';
import { passedTo, relayedIn } from '../../../src/steps/caddy/relayed.ts';
import { relaysByHand } from '../../../src/steps/relay/by-hand/by-hand.ts';
import { mistakes, runStep } from '../../support/run-step.ts';

const path = '/etc/caddy/clusterproxy/prod/nodes.caddy';
const packages = { 'ca-certificates': '20230311' };

function nodeNamed(name: string, more: object = {}) {
  const hostname = `${name}.example.com`;
  return {
    ...{ name, hostname, given_address: '192.0.2.11', state: 'active', known: true },
    recipe: {
      verify: true,
      locations: [
        { path: `/${name}/html5client/`, target: `https://${hostname}/${name}/html5client/` },
        { path: `/${name}/bigbluebutton/api`, target: `https://${hostname}/bigbluebutton/api` },
      ],
    },
    ...more,
  };
}

const parameters = {
  ...{ path, cluster: 'prod', server_name: 'bbb-proxy.example.com' },
  nodes: [nodeNamed('bbb-01'), nodeNamed('bbb-02')],
};

function version(output: string): { answers: [Query, { status: number; output: string }][] } {
  return {
    answers: [
      [
        { kind: 'command', args: ['caddy', 'version'] },
        { status: 0, output },
      ],
    ],
  };
}

describe('caddy-locations', () => {
  it('writes one block for each node', () => {
    const { text, managed, warnings } = runStep(
      'caddy-locations',
      { ...parameters, nodes: [nodeNamed('bbb-01')] },
      { packages },
    );
    expect(warnings).toEqual([]);
    expect(managed).toEqual([{ path, format: 'caddy-block', key: ['bbb-01'] }]);
    expect(text(path)).toBe(`# The nodes of a cluster; written by clusterproxy, step the-step.
# clusterproxy: begin bbb-01
@clusterproxy_prod_bbb-01_unclean expression \`{http.request.uri.path}.matches("//|(^|/)[.][.]?(;[^/]*)?(/|$)")\`
@clusterproxy_prod_bbb-01_large expression \`{http.request.header.Content-Length} != "" && int({http.request.header.Content-Length}) > 1048576\`
@clusterproxy_prod_bbb-01_1 {
	path /bbb-01/bigbluebutton/api*
	expression \`{http.request.uri}.startsWith("/bbb-01/bigbluebutton/api")\`
}
handle @clusterproxy_prod_bbb-01_1 {
	respond @clusterproxy_prod_bbb-01_unclean 400
	route @clusterproxy_prod_bbb-01_large {
		request_body {
			max_size 1024
		}
		vars clusterproxy_body {http.request.body}
		respond 413
	}
	request_body {
		max_size 1048576
	}
	uri path_regexp ^/bbb-01/bigbluebutton/api /bigbluebutton/api
	reverse_proxy https://192.0.2.11 {
		header_up Host bbb-01.example.com
		header_up -X-Forwarded-For
		header_up -X-Forwarded-Host
		header_up -X-Forwarded-Proto
		header_up -Via
		header_down Location ^https://bbb-01[.]example[.]com/bigbluebutton/api /bbb-01/bigbluebutton/api
		transport http {
			versions 1.1
			dial_timeout 5s
			response_header_timeout 60s
			keepalive 30s
			tls_server_name bbb-01.example.com
			tls_trusted_ca_certs /etc/ssl/certs/ca-certificates.crt
		}
	}
}
@clusterproxy_prod_bbb-01_2 {
	path /bbb-01/html5client/*
	expression \`{http.request.uri}.startsWith("/bbb-01/html5client/")\`
}
handle @clusterproxy_prod_bbb-01_2 {
	respond @clusterproxy_prod_bbb-01_unclean 400
	route @clusterproxy_prod_bbb-01_large {
		request_body {
			max_size 1024
		}
		vars clusterproxy_body {http.request.body}
		respond 413
	}
	request_body {
		max_size 1048576
	}
	reverse_proxy https://192.0.2.11 {
		header_up Host bbb-01.example.com
		header_up -X-Forwarded-For
		header_up -X-Forwarded-Host
		header_up -X-Forwarded-Proto
		header_up -Via
		header_down Location ^https://bbb-01[.]example[.]com/bbb-01/html5client/ /bbb-01/html5client/
		transport http {
			versions 1.1
			dial_timeout 5s
			response_header_timeout 60s
			keepalive 30s
			tls_server_name bbb-01.example.com
			tls_trusted_ca_certs /etc/ssl/certs/ca-certificates.crt
		}
	}
}
@clusterproxy_prod_bbb-01_2_slash {
	path /bbb-01/html5client
	expression \`{http.request.uri.path} == "/bbb-01/html5client"\`
}
handle @clusterproxy_prod_bbb-01_2_slash {
	route {
		uri path_regexp $ /
		redir {http.request.uri} 301
	}
}
# clusterproxy: end bbb-01
`);
  });

  it.each([
    ['2.6.2', false, false],
    ['v2.7.6 h1:w0NymbG2m9PcvKWsrXO6EEkY9Ru4FJK8uQbYcev1p3A=', true, false],
    ['v2.8.0', true, true],
    ['v2.10.2 h1:g/gTYjGMD0dec+UgMw8SnfmJ3I9+M2TdvoRL/Ovu6U8=', true, true],
    ['v3.0.0', true, true],
    ['(devel)', false, false],
    ['sh: caddy: not found', false, false],
  ])('goes by the version of Caddy: %s', (output, keepsStreams, hasPool) => {
    const { text } = runStep('caddy-locations', parameters, { packages, ...version(output) });
    expect(text(path)?.includes('\t\tstream_close_delay 24h\n')).toBe(keepsStreams);
    const pool = 'tls_trust_pool file /etc/ssl/certs/ca-certificates.crt';
    expect(text(path)?.includes(pool)).toBe(hasPool);
    expect(text(path)?.includes('tls_trusted_ca_certs ')).toBe(!hasPool);
  });

  it('reads back what it relays, and to whom', () => {
    const { text } = runStep('caddy-locations', parameters, { packages });
    const block = text(path)?.split('# clusterproxy: end')[0] ?? '';
    expect(relayedIn(block)).toEqual([
      { path: '/bbb-01/bigbluebutton/api', target: '/bigbluebutton/api' },
      { path: '/bbb-01/html5client/', target: '/bbb-01/html5client/' },
    ]);
    expect([...new Set(passedTo(block))]).toEqual(['https://192.0.2.11']);
  });

  it('asks an address of IPv6, another port and a node without TLS', () => {
    const at = nodeNamed('bbb-01', {
      given_address: '2001:db8::1',
      locations: [{ path: '/bbb-01/x', target: 'https://bbb-01.example.com:8443/x' }],
    });
    const plain = nodeNamed('bbb-02', {
      locations: [{ path: '/bbb-02/y', target: 'http://bbb-02.example.com/y' }],
    });
    const written = runStep('caddy-locations', { ...parameters, nodes: [at, plain] }, { packages }).text(
      path,
    );
    expect(written).toContain('reverse_proxy https://[2001:db8::1]:8443 {');
    expect(written).toContain('reverse_proxy http://192.0.2.11 {');
    expect(written?.match(/tls_server_name .*/g)).toEqual(['tls_server_name bbb-01.example.com']);
  });

  it('keeps the block of a node that does not resolve, and says what becomes of it', () => {
    const nodes = parameters.nodes.map((one) => ({ ...one, given_address: undefined }));
    const before = runStep('caddy-locations', { ...parameters, nodes }, { packages }).text(path) ?? '';
    const there = { packages, files: { [path]: before }, names: ['bbb-01.example.com'] };
    const { changed, warnings } = runStep('caddy-locations', { ...parameters, nodes }, there);
    expect(changed).toEqual([]);
    expect(warnings).toEqual([
      'bbb-02.example.com does not resolve on this host: its locations stay as they are for bbb-02, and Caddy answers with an error until it does',
    ]);
  });

  it('removes the block of a node that is retired', () => {
    const before = runStep('caddy-locations', parameters, { packages }).text(path) ?? '';
    const nodes = [nodeNamed('bbb-01'), nodeNamed('bbb-02', { state: 'retired' })];
    const { text } = runStep(
      'caddy-locations',
      { ...parameters, nodes },
      { packages, files: { [path]: before } },
    );
    expect(text(path)).toContain('bbb-01');
    expect(text(path)).not.toContain('bbb-02');
  });

  it('prints the rules for a proxy that is looked after by somebody else', () => {
    const told =
      relaysByHand.byHand?.({ ...parameters, software: 'caddy' } as unknown as Value, {
        hostname: 'bbb-proxy.example.com',
      }) ?? [];
    expect(told.map(({ title }) => title)).toEqual([
      'rules for the site bbb-proxy.example.com, which is maintained elsewhere (a Caddyfile)',
    ]);
    expect(told[0]?.text).toContain('# bbb-02\n@clusterproxy_prod_bbb-02_unclean ');
    expect(told[0]?.text).not.toMatch(/insecure|tls_trust/);
  });

  const asked = (file: string, status: number): [Query, { status: number; output: string }][] => [
    [
      { kind: 'command', args: ['test', '-r', file] },
      { status: 0, output: '' },
    ],
    [
      { kind: 'command', args: ['runuser', '-u', 'caddy', '--', 'test', '-r', file] },
      { status, output: '' },
    ],
  ];
  const trusting = (file: string, status = 0) =>
    runStep(
      'caddy-locations',
      { ...parameters, trusted_certificate: file },
      { answers: asked(file, status) },
    );

  it.each([
    ['/etc/my.pem', 'tls_trusted_ca_certs /etc/my.pem\n'],
    ['/etc/my cas/ca #1;.pem', 'tls_trusted_ca_certs "/etc/my cas/ca #1;.pem"\n'],
  ])('names the authorities in one word: %s', (file, line) => {
    expect(trusting(file).text(path)).toContain(line);
  });

  it.each(['/etc/x {', '/x/{env.Y}', '/x/{$Y}', '/etc/"x"', '/etc/`x', '/etc/x\\'])(
    'refuses authorities at a path that would be read as something else: %s',
    (file) => {
      expect(() => trusting(file)).toThrow(expect.objectContaining({ code: 'path-not-writable' }));
    },
  );

  it('refuses authorities that the account of Caddy cannot read', () => {
    expect(() => trusting('/etc/my.pem', 1)).toThrow(
      expect.objectContaining({ code: 'certificate-unreadable' }),
    );
  });

  it.each(['{\n\tadmin off\n}\n', '# Mine.\n{\n\temail a@example.com\n\tadmin "off"\n}\n:80 {\n}\n'])(
    'refuses a Caddy that cannot be reloaded: %j',
    (text) => {
      const files = { '/etc/caddy/Caddyfile': text };
      const refused = () => runStep('caddy-locations', parameters, { packages, files });
      expect(refused).toThrow(expect.objectContaining({ code: 'admin-off' }));
      expect(refused).toThrow(/^\/etc\/caddy\/Caddyfile:[24]: "admin off" /);
    },
  );

  it.each(['{\n\tadmin unix//run/x\n}\n', ':80 {\n\tadmin off\n}\n'])(
    'goes on with a Caddy that can: %j',
    (text) => {
      const files = { '/etc/caddy/Caddyfile': text };
      expect(runStep('caddy-locations', parameters, { packages, files }).changed).toContain(path);
    },
  );

  it('wants a name of the cluster that can stand in a matcher', () => {
    expect(mistakes('caddy-locations', { ...parameters, cluster: 'a b' })[0]).toMatch(/cluster: expected/);
  });
});

describe('rules that were set up by hand', () => {
  const main = '/etc/caddy/Caddyfile';
  const site = (inside: string, address = 'bbb-proxy.example.com') =>
    `# Mine.\r\n${address} {\r\n\tencode gzip\r\n${inside}\trespond own # stays\r\n}`;
  const host = (text: string, at = main) => ({ packages, files: { [at]: text } });

  it.each([
    ['handle /bbb-01/* {', '\thandle /bbb-01/* {\r\n\t\treverse_proxy https://x\r\n\t}\r\n', 1],
    [
      'handle_path /bbb-01*',
      '\thandle_path /bbb-01* {\r\n\t\trewrite * /x\r\n\t\treverse_proxy x\r\n\t}\r\n',
      1,
    ],
    ['reverse_proxy', '\treverse_proxy /bbb-01/html5client/* https://bbb-01.example.com\r\n', 1],
    ['a deeper path', '\treverse_proxy /bbb-01/html5client/sockjs/* https://x\r\n', 1],
    ['other letters', '\troute /BBB-01/* {\r\n\t\treverse_proxy x\r\n\t}\r\n', 1],
    ['a redirect', '\tredir /bbb-01/html5client /bbb-01/html5client/\r\n', 1],
    [
      'a named matcher',
      '\t@bbb path /bbb-01/* /bbb-02/*\r\n\thandle @bbb {\r\n\t\treverse_proxy x\r\n\t}\r\n',
      2,
    ],
    [
      'a matcher in a block',
      '\t@bbb {\r\n\t\thost bbb-proxy.example.com\r\n\t\tpath /bbb-01/*\r\n\t}\r\n\treverse_proxy @bbb x\r\n',
      2,
    ],
    [
      'a regular expression',
      '\t@bbb path_regexp n ^/bbb-01/html5client/.*$\r\n\treverse_proxy @bbb x\r\n',
      2,
    ],
  ])('are found and taken out: %s', (_, inside, count) => {
    const text = site(inside);
    const refused = () => runStep('caddy-locations', parameters, host(text));
    expect(refused).toThrow(expect.objectContaining({ code: 'set-up-by-hand' }));
    expect(refused).toThrow(new RegExp(`^this was set up by hand before: ${main}:4: `));
    try {
      refused();
    } catch (error) {
      expect((error as { found: readonly string[] }).found).toHaveLength(count);
    }
    const adopted = runStep('caddy-locations', { ...parameters, adopt: true }, host(text));
    expect(adopted.text(main)).toBe(site(''));
  });

  it('in a route, and of several paths only the nodes’', () => {
    const text = site(
      '\t@many path /own/* /bbb-01/* /x\r\n\troute {\r\n\t\thandle /bbb-02/html5client/* {\r\n\t\t}\r\n\t\treverse_proxy @many x\r\n\t}\r\n',
    );
    const adopted = runStep('caddy-locations', { ...parameters, adopt: true }, host(text));
    expect(adopted.text(main)).toBe(
      site('\t@many path /own/* /x\r\n\troute {\r\n\t\treverse_proxy @many x\r\n\t}\r\n'),
    );
  });

  const open = '\thandle /bbb-01/* {\r\n\t\treverse_proxy x\r\n\t}\r\n';

  it.each([
    ['from a network', '@o {\n\t\tpath /bbb-01/*\n\t\tnot remote_ip 10.0.0.0/8\n\t}\n\trespond @o 403', 2],
    ['a method', '@o {\n\t\tpath /bbb-01/*\n\t\tmethod GET\n\t}\n\treverse_proxy @o x', 2],
    ['a password', 'basic_auth /bbb-01/html5client/* {\n\t\tbob x\n\t}', 1],
    [
      'a password inside',
      'handle /bbb-01/* {\n\t\tbasicauth {\n\t\t\tbob x\n\t\t}\n\t\treverse_proxy x\n\t}',
      1,
    ],
    ['a network inside', 'route /bbb-01/* {\n\t\t@in remote_ip 10.0.0.0/8\n\t\treverse_proxy @in x\n\t}', 1],
    ['a network around', '@in remote_ip 10.0.0.0/8\n\thandle @in {\n\t\treverse_proxy /bbb-01/* x\n\t}', 1],
    ['a snippet inside', 'handle /bbb-01/* {\n\t\timport guarded\n\t\treverse_proxy x\n\t}', 1],
    ['a policy', 'header /bbb-01/* Content-Security-Policy "default-src \'none\'"', 1],
    ['a cookie that is taken off', 'header /bbb-01/* -Set-Cookie', 1],
    ['headers of which one matters', 'header /bbb-01/* {\n\t\tX-Own a\n\t\tPermissions-Policy b\n\t}', 1],
    ['a header by a matcher', '@o path /bbb-01/*\n\theader @o Cache-Control max-age=60', 1],
    [
      'a header inside, where it comes after what was passed on',
      'route {\n\t\theader /bbb-01/* X-Own a\n\t}',
      1,
    ],
    ['a limit', 'request_body /bbb-01/* {\n\t\tmax_size 5MB\n\t}', 1],
    ['an answer', 'respond /bbb-01/* 403', 1],
    ['a password for more', '@o path /own/* /bbb-01/*\n\tbasic_auth @o {\n\t\tbob x\n\t}', 1],
    [
      'other names too',
      '@o {\n\t\thost bbb-proxy.example.com other.org\n\t\tpath /bbb-01/*\n\t}\n\treverse_proxy @o x',
      2,
    ],
    ['an expression', "@o `path('/bbb-01/*') && method('GET')`\n\treverse_proxy @o x", 2],
  ])('are to be decided by hand: %s', (_, inside, count) => {
    const text = site(`${open}\t${inside}\n`);
    for (const adopt of [false, true]) {
      const refused = () => runStep('caddy-locations', { ...parameters, adopt }, host(text));
      expect(refused).toThrow(expect.objectContaining({ code: 'rule-to-decide' }));
      const places = `(?:${main}:\\d+: [^;]*(?:; |$)){${count}}$`;
      expect(refused).toThrow(new RegExp(`pass them on: ${places}`));
      expect(refused).not.toThrow(/:4: handle/);
    }
  });

  it.each([
    ['set', 'header /bbb-01/* Strict-Transport-Security max-age=31536000'],
    ['removed', 'header /bbb-01/* -Server'],
    ['several', 'header /bbb-01/* {\n\t\t>X-Own a\n\t\t?Referrer-Policy no-referrer\n\t\tdefer\n\t}'],
    ['by a matcher, which is needed still', '@o path /bbb-01/* /own/*\n\theader @o X-Own a'],
    [
      'by a matcher that asks for more',
      '@o {\n\t\tpath /bbb-01/*\n\t\tmethod GET\n\t}\n\theader @o +X-Own a',
    ],
  ])('are not headers that change nothing for the client: %s', (_, header) => {
    const text = site(`\t${header}\n`);
    expect(runStep('caddy-locations', parameters, host(text)).changed).not.toContain(main);
    const adopted = runStep(
      'caddy-locations',
      { ...parameters, adopt: true },
      host(site(`${open}\t${header}\n`)),
    );
    expect(adopted.text(main)).toBe(text);
  });

  it('are not those for another name', () => {
    const other =
      '\t@o {\n\t\thost other.example.com\n\t\tpath /bbb-01/*\n\t}\n\treverse_proxy @o x\n\t@h host other.example.com\n\thandle @h {\n\t\treverse_proxy /bbb-01/* x\n\t}\n';
    const adopted = runStep(
      'caddy-locations',
      { ...parameters, adopt: true },
      host(site(open + other, '*.example.com')),
    );
    expect(adopted.text(main)).toBe(site(other, '*.example.com'));
  });

  it.each([
    ['a wildcard', site('\thandle /bbb-01/* {\r\n\t}\r\n', '*.example.com')],
    ['a site for all', site('\thandle /bbb-01/* {\r\n\t}\r\n', ':443')],
    ['an address from the environment', site('\thandle /bbb-01/* {\r\n\t}\r\n', '{$SITE}')],
    ['a snippet', site('\thandle /bbb-01/* {\r\n\t}\r\n', '(nodes)')],
    ['a site without braces', 'bbb-proxy.example.com\nhandle /bbb-01/* {\n}\n'],
    ['a part of a site', '@bbb path /bbb-01/*\nhandle @bbb {\n}\n'],
    ['a part of a site with one line', 'reverse_proxy /bbb-01/* https://x\nencode gzip\n'],
  ])('are found in %s', (_, text) => {
    expect(() => runStep('caddy-locations', parameters, host(text))).toThrow(
      expect.objectContaining({ code: 'set-up-by-hand' }),
    );
  });

  it.each([
    ['another site', site('\thandle /bbb-01/* {\r\n\t}\r\n', 'learn.example.com')],
    ['other paths', site('\thandle /bbb-0/* {\r\n\t}\r\n\thandle /bbb-01/downloads/* {\r\n\t}\r\n')],
    ['all paths', site('\thandle /* {\r\n\t}\r\n\thandle {\r\n\t}\r\n')],
    ['arguments that are no matchers', site('\trespond x\r\n\troot * /bbb-01/html5client\r\n')],
  ])('are not %s', (_, text) => {
    const { changed } = runStep('caddy-locations', { ...parameters, adopt: true }, host(text));
    expect(changed).not.toContain(main);
  });
});
