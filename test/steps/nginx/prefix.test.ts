import { describe, expect, it } from 'vitest';
import { mergeReads } from '../../../src/model/merge-reads.ts';
import { noReads } from '../../../src/model/reads.ts';
import { stepModules } from '../../../src/steps/registry.ts';
import { StepHost } from '../../../src/virtual/step-host.ts';
import { VirtualHost } from '../../../src/virtual/virtual-host.ts';
import { nginxTest, withoutNginx } from '../../support/nginx-oracle.ts';
import { mistakes, runStep, textAt } from '../../support/run-step.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

const source = '/usr/share/bigbluebutton/nginx/bbb-html5.nginx';
const balancer = '/usr/share/bigbluebutton/nginx/loadbalancer.nginx';
const own = '/etc/bigbluebutton/nginx/zz-clusterproxy.nginx';

const stockText = `location @html5client {
  proxy_pass http://127.0.0.1:4100;
}

# translations
location /html5client/locales {
  alias /usr/share/meteor/locales;
}

location /html5client {
  alias /usr/share/meteor/app;
  try_files $uri @html5client;
}
`;
const balancerText = "# If you run this node behind a proxy\nset $bbb_loadbalancer_node '';\n";
const includeDefault = 'include /usr/share/bigbluebutton/nginx/*.nginx;\n';

const parameters = {
  sources: [source],
  look_in: ['/etc/bigbluebutton/nginx/*.nginx', '/usr/share/bigbluebutton/nginx/*.nginx'],
  client: '/html5client',
  prefix: '/bbb-01',
  path: own,
  variables: { bbb_loadbalancer_node: { value: 'https://bbb-proxy.example.com', stock_file: balancer } },
  redirects: [{ from: '/html5client/locale', to: '/bbb-01$request_uri' }],
};
const files = {
  [source]: stockText,
  [balancer]: balancerText,
  '/usr/share/bigbluebutton/include_default.nginx': includeDefault,
  '/etc/bigbluebutton/nginx/include_default.nginx': {
    link: '/usr/share/bigbluebutton/include_default.nginx',
  },
};

/** As the guides have it: the package's files edited in place. */
const byHand = {
  ...files,
  [source]: `${stockText.replaceAll('location /html5client', 'location /bbb-01/html5client')}location =/html5client/locale {\n  return 301 /bbb-01$request_uri;\n}\n`,
  [balancer]: balancerText.replace("''", "'https://bbb-proxy.example.com'"),
};

describe('nginx-prefix, in a file of our own', () => {
  it('copies the locations under the prefix and leaves the package alone', () => {
    const { text, changed, managed } = runStep('nginx-prefix', parameters, { files });
    expect(changed).toEqual([own]);
    expect(managed).toEqual([{ path: own, format: 'file', key: [] }]);
    expect(text(own)).toBe(`# Written by clusterproxy, step the-step: edits get lost.
# Copies of the locations in ${source}, under /bbb-01.

set $bbb_loadbalancer_node 'https://bbb-proxy.example.com';

location = /html5client/locale {
    return 301 /bbb-01$request_uri;
}

# translations
location ^~ /bbb-01/html5client/locales {
  alias /usr/share/meteor/locales;
}

location ^~ /bbb-01/html5client {
  alias /usr/share/meteor/app;
  try_files $uri @html5client;
}
`);
  });

  it.skipIf(withoutNginx)('makes files that nginx loads', () => {
    const { host } = runStep('nginx-prefix', parameters, { files });
    const http = 'server { listen 127.0.0.1:18080; include /etc/bigbluebutton/nginx/*.nginx; }';
    expect(
      nginxTest({ http, host, files: { '/etc/bigbluebutton/nginx/include_default.nginx': includeDefault } }),
    ).toBe('');
  });

  it('follows the link to the variant that is in use, and names it', () => {
    const { text, changed } = runStep('nginx-prefix', parameters, {
      files: { ...files, [source]: { link: 'bbb-html5.nginx.static' }, [`${source}.static`]: stockText },
    });
    expect(changed).toEqual([own]);
    expect(text(own)).toContain(`# Copies of the locations in ${source} (bbb-html5.nginx.static), under`);
  });

  it('takes up what an upgrade brings along', () => {
    const { text: first } = runStep('nginx-prefix', parameters, { files });
    const upgraded = `${stockText}location /html5client/wasm {\n  alias /usr/share/meteor/wasm;\n}\n`;
    const { text, changed } = runStep('nginx-prefix', parameters, {
      files: { ...files, [source]: upgraded, [own]: first(own) ?? '' },
    });
    expect(changed).toEqual([own]);
    expect(text(own)).toContain('location ^~ /bbb-01/html5client/wasm {');
  });

  it('refuses forms that it can not copy, with file and line', () => {
    const text = `${stockText}location ~* ^/html5client/.*\\.(css|js)$ {\n  expires 1d;\n}\n`;
    expect(() => runStep('nginx-prefix', parameters, { files: { ...files, [source]: text } })).toThrow(
      expect.objectContaining({
        problem: expect.objectContaining({
          code: 'client-not-supported',
          message: expect.stringContaining('a regular expression'),
          next: expect.stringMatching(/isn't supported yet.*if somebody has edited the file/),
          location: expect.objectContaining({ file: source, line: 14 }),
        }),
      }),
    );
  });

  it('blames the file for what is no nginx at all', () => {
    const text = `${stockText}location /html5client/x {\n`;
    expect(() => runStep('nginx-prefix', parameters, { files: { ...files, [source]: text } })).toThrow(
      expect.objectContaining({ code: 'file-not-understood' }),
    );
  });

  it('passes over a file of somebody else that is no nginx at all: nginx itself will say so', () => {
    const broken = '/etc/bigbluebutton/nginx/theirs.nginx';
    const step = stepModules.get('nginx-prefix');
    const wanted = step?.parameters.parse(parameters) as never;
    const reads = mergeReads([{ ...noReads, ...step?.reads(wanted) }]);
    const virtual = new VirtualHost(snapshotOf({ files: { ...files, [broken]: 'server {\n' } }, reads));
    const view = new StepHost(virtual, 'client-locations');
    step?.apply(view, wanted);
    expect(view.warnings).toEqual([expect.stringContaining(`${broken} can't be understood (line 1`)]);
    expect(textAt(virtual, own)).toContain('location ^~ /bbb-01/html5client');
  });

  it('passes over a large file of somebody else, and names it', () => {
    const large = '/etc/bigbluebutton/nginx/blocklist.nginx';
    const step = stepModules.get('nginx-prefix');
    const wanted = step?.parameters.parse(parameters) as never;
    const reads = mergeReads([{ ...noReads, ...step?.reads(wanted) }]);
    const snapshot = snapshotOf({ files: { ...files, [large]: '' } }, reads);
    const paths = new Map(snapshot.paths).set(large, { kind: 'unreadable', reason: 'larger than 1 MiB' });
    const view = new StepHost(new VirtualHost({ ...snapshot, paths }), 'the-step');
    step?.apply(view, wanted);
    expect([...view.edits.keys()]).toContain(own);
    expect(view.warnings).toEqual([`${large} is larger than 1 MiB; what is in it was not looked at`]);
  });

  it('recognises a host that was set up by hand, and lists what it found', () => {
    expect(() => runStep('nginx-prefix', parameters, { files: byHand })).toThrow(
      expect.objectContaining({
        problem: expect.objectContaining({
          code: 'set-up-by-hand',
          message: `this was set up by hand before: ${source}:6: location /bbb-01/html5client/locales; ${source}:10: location /bbb-01/html5client; ${source}:14: location = /html5client/locale; ${balancer}:2: set $bbb_loadbalancer_node 'https://bbb-proxy.example.com'`,
        }),
      }),
    );
  });

  it('brings it over when told to: the package has its own bytes again', () => {
    const { text, changed } = runStep('nginx-prefix', { ...parameters, adopt: true }, { files: byHand });
    expect(changed).toEqual([own, balancer, source].sort());
    expect(text(source)).toBe(stockText);
    expect(text(balancer)).toBe(balancerText);
    expect(text(own)).toContain('location ^~ /bbb-01/html5client/locales {');
  });

  it('takes copies out that stand beside the originals, and files with nothing else', () => {
    const extra = '/etc/bigbluebutton/nginx/bbb-cluster.nginx';
    const copies =
      "# cluster\nlocation /bbb-01/html5client { alias /x; }\nset $bbb_loadbalancer_node 'https://a';\n";
    const { text, host } = runStep(
      'nginx-prefix',
      { ...parameters, adopt: true },
      { files: { ...files, [extra]: copies, [source]: `${stockText}${copies.split('\n')[1]}\n` } },
    );
    expect(text(source)).toBe(stockText);
    expect(host.state(extra)).toEqual({ kind: 'absent' });
  });

  it('takes a rewrite of the whole prefix out of the site', () => {
    const site = '/etc/nginx/sites-available/bigbluebutton';
    const server = (inside: string) => `server {\n    listen 80;\n${inside}    server_name x;\n}\n`;
    const host = { files: { ...files, [site]: server('    rewrite ^/bbb-01/(.*)$ /$1 last;\n') } };
    const wanted = { ...parameters, look_in: [...parameters.look_in, site] };
    expect(() => runStep('nginx-prefix', wanted, host)).toThrow(/sites-available\/bigbluebutton:3: rewrite/);
    expect(runStep('nginx-prefix', { ...wanted, adopt: true }, host).text(site)).toBe(server(''));
  });

  it('does not write over a file of its name that is somebody else’s', () => {
    const host = { files: { ...files, [own]: '# mine\n' } };
    expect(() => runStep('nginx-prefix', parameters, host)).toThrow(/not written by clusterproxy/);
    expect(runStep('nginx-prefix', { ...parameters, adopt: true }, host).text(own)).toContain(
      'Written by clusterproxy',
    );
  });

  it('says where it looked when there is no source', () => {
    expect(() => runStep('nginx-prefix', parameters, { files: {} })).toThrow(
      expect.objectContaining({ code: 'file-missing', message: expect.stringContaining(source) }),
    );
  });
});

describe('nginx-prefix, with a package file that has no location of the client', () => {
  const named = '# only the fallback\nlocation @html5client {\n  proxy_pass http://127.0.0.1:4100;\n}\n';
  it.each([
    ['a comment', '# no location here\n', `${source} has no location for /html5client`],
    ['nothing', '', `${source} is empty`],
    ['blank lines', '\n\n', `${source} is empty`],
    ['a named location', named, `${source} has no location for /html5client`],
    [
      'a location of something else',
      'location /html5clients { return 404; }\n',
      'no location for /html5client',
    ],
  ])('refuses %s, with the file and what to do', (_, text, message) => {
    for (const mode of ['own-file', 'stock-file']) {
      const wanted = { ...parameters, mode };
      expect(() => runStep('nginx-prefix', wanted, { files: { ...files, [source]: text } })).toThrow(
        expect.objectContaining({
          problem: expect.objectContaining({
            code: 'client-locations-missing',
            message: expect.stringContaining(message),
            next: expect.stringContaining(`dpkg -S ${source}`),
          }),
        }),
      );
    }
  });
});

describe("nginx-prefix, in the package's file", () => {
  const inPlace = { ...parameters, mode: 'stock-file' };

  it('edits the paths as the guides do, and nothing else', () => {
    const { text, changed, managed } = runStep('nginx-prefix', inPlace, { files });
    expect(changed).toEqual([source, balancer].sort());
    expect(managed.map(({ path }) => path)).toEqual([source, balancer]);
    expect(text(balancer)).toBe(byHand[balancer]);
    expect(text(source)).toBe(
      `${stockText.replaceAll('location /html5client', 'location /bbb-01/html5client')}\nlocation = /html5client/locale {\n    return 301 /bbb-01$request_uri;\n}\n`,
    );
  });

  it('finds a host that was set up by hand in the same way to be in order', () => {
    expect(runStep('nginx-prefix', inPlace, { files: byHand }).changed).toEqual([]);
  });

  it('recognises another prefix', () => {
    const other = { ...byHand, [source]: byHand[source].replaceAll('/bbb-01', '/bbb01') };
    expect(() => runStep('nginx-prefix', inPlace, { files: other })).toThrow(/location \/bbb01\/html5client/);
    const { text } = runStep('nginx-prefix', { ...inPlace, adopt: true }, { files: other });
    expect(text(source)).toContain('location /bbb-01/html5client {');
    expect(text(source)).not.toContain('bbb01');
  });

  it('does not write through a link to the package’s variants', () => {
    const host = {
      files: { ...files, [source]: { link: 'bbb-html5.nginx.static' }, [`${source}.static`]: stockText },
    };
    expect(() => runStep('nginx-prefix', inPlace, host)).toThrow(
      expect.objectContaining({ code: 'stock-file-is-a-link' }),
    );
  });

  it('takes the file of our own away that an earlier run made', () => {
    const { text } = runStep('nginx-prefix', parameters, { files });
    const { host } = runStep('nginx-prefix', inPlace, { files: { ...files, [own]: text(own) ?? '' } });
    expect(host.state(own)).toEqual({ kind: 'absent' });
  });

  it('gives way to the file of our own again, as its own edits are no handiwork', () => {
    const edited = runStep('nginx-prefix', inPlace, { files });
    const item = { step: 's', format: 'file', key: [], first: { kind: 'absent' as const }, activated: '' };
    const { text } = runStep('nginx-prefix', parameters, {
      files: { ...files, [source]: edited.text(source) ?? '', [balancer]: edited.text(balancer) ?? '' },
      ledger: {
        schemaVersion: 1,
        cluster: 'prod',
        playbook: 'bigbluebutton',
        recipe: '2.5-2.7',
        run: 'r',
        items: [
          { ...item, path: source },
          { ...item, path: balancer },
        ],
        created: [],
      },
    });
    expect(text(source)?.trimEnd()).toBe(stockText.trimEnd());
    expect(text(balancer)).toBe(balancerText);
    expect(text(own)).toContain('location ^~ /bbb-01/html5client {');
  });
});

describe('nginx-prefix’s parameters', () => {
  it('are checked', () => {
    expect(mistakes('nginx-prefix', { ...parameters, prefix: 'bbb 01' })[0]).toMatch(
      /^prefix: expected a path/,
    );
    expect(
      mistakes('nginx-prefix', { ...parameters, redirects: [{ from: '/a', to: 'https://x' }] })[0],
    ).toMatch(/^redirects\.0\.to: expected a path/);
    expect(mistakes('nginx-prefix', parameters)).toEqual([]);
  });
});
