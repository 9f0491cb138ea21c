import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hidden } from '../../src/secrets/hidden.ts';
import { maskSecrets } from '../../src/secrets/mask.ts';
import { maskFile } from '../../src/secrets/mask-file.ts';
import { caddyLogLines } from '../../src/steps/hardening/caddy-lines.ts';
import { hardenedFrontend } from '../../src/steps/hardening/haproxy-lines.ts';
import { serverHardening } from '../../src/steps/hardening/items.ts';

const H = hidden;

describe('maskSecrets hides', () => {
  it.each([
    ['properties', 'securitySalt=330a8b08c3b4', `securitySalt=${H}`],
    ['blanks around the separator', 'securitySalt = 330a 8b08', `securitySalt = ${H}`],
    ['a blank as the separator', 'securitySalt 330a8b08', `securitySalt ${H}`],
    ['a name in parts', 'redis.password: abc', `redis.password: ${H}`],
    ['a commented-out secret', '#securitySalt=330a', `#securitySalt=${H}`],
    ['upper case', 'HASURA_GRAPHQL_ADMIN_SECRET=bigbluebutton', `HASURA_GRAPHQL_ADMIN_SECRET=${H}`],
    ['export', "export DB_PASS='it''s'", `export DB_PASS='${H}'`],
    ["a shell's quote within quotes", String.raw`DB_PASS='it'\''s' # c`, `DB_PASS='${H}' # c`],
    ['quotations that a shell joins', `DB_PASS='it'"'"'s'`, `DB_PASS='${H}'`],
    ['a numeric password', 'redisPassword=123456', `redisPassword=${H}`],
    ['a numeric password in JSON', '  "password": 1234,', `  "password": ${H}`],
    ['defaultSharedSecret', 'defaultSharedSecret=x', `defaultSharedSecret=${H}`],
    ['systemd', 'Environment=ADMIN_SECRET=abc FOO=bar', `Environment=ADMIN_SECRET=${H} FOO=bar`],
    ['systemd, quoted', 'Environment="ADMIN_SECRET=a b" "C=d"', `Environment="ADMIN_SECRET=${H}" "C=d"`],
    ['YAML', '  apikey: abc # old', `  apikey: ${H}`],
    ['YAML list', '- password: "a\\"b" # c', `- password: "${H}" # c`],
    ['YAML flow', '{user: a, password: b c, host: d}', `{user: a, password: ${H}, host: d}`],
    ['JSON on one line', '{"password":"a","port":1}', `{"password":"${H}","port":1}`],
    ['JSON number on one line', '{"password":12,"port":1}', `{"password":${H},"port":1}`],
    ['a map on one line', 'passwords: {a: b, c: d}', `passwords: ${H}`],
    ['XML parameters', '<param name="password" value="ClueCon"/>', `<param name="password" value="${H}"/>`],
    ['XML elements', '<password>abc</password>', `<password>${H}</password>`],
    [
      'nested quoting',
      '<X data="default_password=1234 5" b="c"/>',
      `<X data="default_password=${H}" b="c"/>`,
    ],
    ['what only begins as a pattern', 'password="[^&]*abc"', `password="${H}"`],
    ['a list of passwords', "passwords: [^a, 'b']", `passwords: ${H}`],
    ['a token beside a pattern', 'token=[^&]* token=abc1234', `token=[^&]* token=${H}`],
    ['URLs', 'URL=postgres://a:b@127.0.0.1/c', `URL=postgres://a:${H}@127.0.0.1/c`],
    ['URLs with odd passwords', 'redis://:p@s/s#@h:1/2 x@y', `redis://:${H}@h:1/2 x@y`],
    ['queries', 'GET /x?token=abcdef&a=b', `GET /x?token=${H}&a=b`],
    ['checksums of API calls', 'GET /x?a=b&checksum=0a1b2c', `GET /x?a=b&checksum=${H}`],
    ['a command line', 'run --password abc --x', `run --password ${H} --x`],
    ['a command line with =', 'run --auth-token=abc --x', `run --auth-token=${H} --x`],
    [
      'nginx headers',
      'proxy_set_header x-hasura-admin-secret "abc";',
      `proxy_set_header x-hasura-admin-secret ${H}`,
    ],
    ['authorization', 'Authorization: Basic YTpi', `Authorization: ${H}`],
    ['bearer tokens', 'sent Bearer abc123.def to it', `sent Bearer ${H} to it`],
    ['JSON web tokens', 'jwt is eyJhbGciOiJI.eyJzdWIi.c2ln here', `jwt is ${H} here`],
    ['HAProxy users', '  user bob insecure-password abc', `  user bob insecure-password ${H}`],
    ['HAProxy statistics', 'stats auth admin:abc', `stats auth admin:${H}`],
    ['redis.conf', 'requirepass foobared', `requirepass ${H}`],
    ['redis.conf, quoted', 'requirepass "foo bared"', `requirepass ${H}`],
    [
      'a YAML list as deep as its key',
      'secrets:\n- abc\n- d: e\n  f: g\nport: 1',
      `secrets:\n- ${H}\n- d: ${H}\n  f: ${H}\nport: 1`,
    ],
    ['a key in a YAML list below it', '- secret:\n  - abc\n- port: 1', `- secret:\n  - ${H}\n- port: 1`],
    ['an nginx variable', 'set $api_secret "a b"; # c', `set $api_secret ${H}`],
    ['a conference’s PIN', '<param name="pin" value="4711"/>', `<param name="pin" value="${H}"/>`],
    ['a token as user', 'https://ghp0123456789abcdef@git.example.com/a', `https://${H}@git.example.com/a`],
    ['bbb-conf --secret', '    Secret: 330a8b', `    Secret: ${H}`],
    [
      'a sudoers command’s password',
      '(root) NOPASSWD: /x --password=abc',
      `(root) NOPASSWD: /x --password=${H}`,
    ],
    ['a variable with the name of a tag', 'PASSWD: abc', `PASSWD: ${H}`],
    ['tokens', 'etherpadToken=0123456789', `etherpadToken=${H}`],
    ['a line of a diff', '-securitySalt=abc', `-securitySalt=${H}`],
    ['a carriage return stays', 'securitySalt=abc\r\nx=1\r\n', `securitySalt=${H}\r\nx=1\r\n`],
    [
      'a value with a line continuation',
      'password=abc\\\n  def\\\n  ghi\nx=1',
      `password=${H}\n${H}\n${H}\nx=1`,
    ],
    ['a block scalar', 'secret: |\n  a: b\n\n  c\nx: 1', `secret: |\n${H}\n\n${H}\nx: 1`],
    [
      'a map below the key',
      'passwords:\n  alice: abc\n  bob: 12\nport: 1',
      `passwords:\n  alice: ${H}\n  bob: ${H}\nport: 1`,
    ],
    [
      'a list below the key',
      '"tokens": [\n  "abc",\n  "def"\n],\n"a": "b"',
      `"tokens": [\n  ${H},\n  ${H}\n],\n"a": "b"`,
    ],
    ["LiveKit's keys", 'keys:\n  APIabc: s3cr3t\nport: 7880', `keys:\n  APIabc: ${H}\nport: 7880`],
    ['a quoted value over lines', 'password: "abc\n  def"\nx: 1', `password: "${H}\n${H}"\nx: 1`],
  ])('%s', (_name, text, masked) => {
    expect(maskSecrets(text)).toBe(masked);
  });

  it('a PEM private key, whole or with its beginning cut off', () => {
    const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7\n';
    const whole = `a\n-----BEGIN RSA PRIVATE KEY-----\n${body}-----END RSA PRIVATE KEY-----\nb\n`;
    expect(maskSecrets(whole)).toBe(
      `a\n-----BEGIN RSA PRIVATE KEY-----\n${H}\n${H}\n-----END RSA PRIVATE KEY-----\nb\n`,
    );
    expect(maskSecrets(`a\n${body}-----END PRIVATE KEY-----`)).toBe(
      `a\n${H}\n${H}\n${H}-----END PRIVATE KEY-----`,
    );
    expect(maskSecrets('"-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----"')).not.toContain(
      'MIIE',
    );
  });
});

describe('maskSecrets leaves', () => {
  it.each([
    'allowRequestsWithoutSession=false',
    'presentationUploadTokenTimeout=30',
    'learningDashboardTokenTimeout=86400000',
    'max_connections_per_session_token: 3',
    'requirePassword: true',
    'passwordMinLength=12',
    'redisPassword=',
    'password: null',
    '  "password": "",',
    'proxy_pass http://127.0.0.1:8090;',
    'proxy_pass http://127.0.0.1:8090/x?a=b@c;',
    'proxy_set_header X-Presentation-Token $prestoken;',
    "add_header 'Access-Control-Allow-Credentials' 'true' always;",
    'location ~ "^/bigbluebutton/presentation/(?<prestoken>[a-zA-Z0-9_-]+)/upload$" {',
    'ssl_certificate_key /etc/letsencrypt/live/a/privkey.pem;',
    'breakoutRoomsPrivateChatEnabled=true',
    'Permission denied (publickey,password).',
    'sudo: a password is required',
    'ops ALL=(root) NOPASSWD: ALL',
    '    (root) NOPASSWD: SETENV: /usr/bin/systemctl, PASSWD: /usr/bin/apt-get',
    '    (ALL : ALL) PASSWD: ALL',
    'see https://docs.bigbluebutton.org/administration/cluster-proxy',
    'deb [signed-by=/etc/apt/keyrings/x.gpg] https://a.example.com:443/b c',
  ])('%s', (text) => {
    expect(maskSecrets(text)).toBe(text);
  });
});

describe('maskSecrets leaves the rules by which doors mask tokens', () => {
  const hardening = serverHardening.parse({ items: ['masked_logs'] });
  // What is masked depends on no host.
  const noHost = undefined as never;
  it.each([
    ['HAProxy', ...hardenedFrontend(noHost, hardening).first],
    ['Caddy', ...caddyLogLines],
  ])('%s', (_, ...rules) => {
    expect(rules.join('\n')).toContain('sessionToken=***');
    expect(maskSecrets(rules.join('\n'))).toBe(rules.join('\n'));
  });
});

describe('maskSecrets', () => {
  it('keeps the number of lines and does nothing the second time', () => {
    const word = fc.constantFrom(
      ...[
        'password',
        'token',
        '=',
        ': ',
        '"',
        "'",
        '{',
        '}',
        '[',
        ']',
        ',',
        '\n',
        '\n  ',
        '\\',
        '|',
        'x',
        '1',
      ],
      ...['-----BEGIN PRIVATE KEY-----', '-----END PRIVATE KEY-----', 'http://a:b@c', '\r\n', ' ', '#', '- '],
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        const once = maskSecrets(words.join(''));
        expect(once.split('\n')).toHaveLength(words.join('').split('\n').length);
        expect(maskSecrets(once).split('\n')).toHaveLength(once.split('\n').length);
      }),
    );
  });

  it.each([
    'a',
    '<',
    ' ',
    '<name="a" ',
    '<a value="b" ',
    "<a key='k' ",
    'https://',
    'eyJ-',
    'a://b:',
    'token={',
    'password=',
    '"',
    '\\',
    'hdr x ',
    'a=',
  ])('copes with a megabyte of %j on one line', (piece) => {
    const line = piece.repeat(Math.ceil(1_000_000 / piece.length));
    expect(maskSecrets(`password=abc\n${line}\n`).split('\n')).toHaveLength(3);
  });

  it('hides a secret in each format, whatever it is', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9+/=_.-]{6,40}$/).map((text) => `Q${text}Q`);
    fc.assert(
      fc.property(secret, (value) => {
        const texts = [
          `securitySalt=${value}`,
          `export ADMIN_SECRET='${value}'`,
          `a:\n  password: ${value}\n  b: c`,
          `{"a":{"apiKey":"${value}"},"b":1}`,
          `postgres://user:${value}@host/db`,
        ];
        for (const text of texts) expect(maskSecrets(text)).not.toContain(value);
      }),
    );
  });

  const stock = join(import.meta.dirname, '../../../shared/stock');
  it.skipIf(!existsSync(stock))(
    'hides what is secret in real files, and little else (needs ../shared/stock)',
    () => {
      const files = readdirSync(stock, { recursive: true, encoding: 'utf8' }).filter((name) =>
        statSync(join(stock, name)).isFile(),
      );
      let hiddenLines = 0;
      for (const name of files) {
        const masked = maskSecrets(readFileSync(join(stock, name), 'utf8'));
        expect(masked).not.toMatch(/330a8b08c3b4c61533e1d0c5ce1ac88f|changeme1|:bbb_graphql@|:hasura_app@/);
        hiddenLines += masked.split('\n').filter((line) => line.includes(hidden)).length;
      }
      expect(hiddenLines).toBeLessThan(60);
    },
  );
});

describe('maskFile', () => {
  it('knows files that are nothing but a secret by their names', () => {
    expect(maskFile('/usr/share/etherpad-lite/APIKEY.txt', '0a1b2c\n')).toBe(`${hidden}\n`);
    expect(maskFile('/etc/nginx/.htpasswd', 'bob:$apr1$x\n# c\n')).toBe(`bob:${hidden}\n# c\n`);
    expect(maskFile('/etc/pam.d/common-password', 'password requisite pam.so\nx y\n')).toContain('requisite');
  });
});
