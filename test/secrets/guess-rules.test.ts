import { describe, expect, it } from 'vitest';
import { formRules, maskForms } from '../../src/secrets/form-rules.ts';
import { hidden } from '../../src/secrets/hidden.ts';
import { nameRule, nameRules, type Secrecy, secrecyOf } from '../../src/secrets/name-rules.ts';
import { isPlain, plainValues } from '../../src/secrets/plain-value.ts';

type NameRuleId = (typeof nameRules)[number]['id'];

/** For each rule, names that it decides. */
const names: Readonly<Record<NameRuleId, { says: Secrecy; names: readonly string[] }>> = {
  'server-of-nginx': { says: 'none', names: ['proxy_pass', 'fastcgi_pass', 'grpc_pass'] },
  'keys-of-livekit': { says: 'unless-plain', names: ['keys', 'LIVEKIT_KEYS'] },
  'place-or-lifetime': {
    says: 'none',
    names: ['passwordFile', 'SECRET_DIR', 'tokenTimeout', 'jwt.ttl', 'secret.path'],
  },
  'whole-word': {
    says: 'always',
    names: ['DB_PASS', 'redis.pwd', 'salt', 'securitySalt', 'wpa_psk', 'conference-pin'],
  },
  'verb-with-secret-word': {
    says: 'unless-plain',
    names: ['requirePassword', 'allow_secret', 'hasPasscode', 'required.password', 'requirepassword'],
  },
  'ends-in-secret-word': {
    says: 'always',
    names: [
      ...['HASURA_GRAPHQL_ADMIN_SECRET', 'redis.password', 'defaultSharedSecret', 'requirepass'],
      ...['SECRET_KEY_BASE', 'private_key', 'passwords', 'sudo_password', 'PASSWD', 'keyPassphrase2'],
      // No verbs.
      ...['userPassword', 'user_password', 'userpassword', 'isabella.secret', 'minioSecret'],
    ],
  },
  'secret-word-within': { says: 'unless-plain', names: ['passwordMinLen', 'pass_phrase_x', 'secretSauce'] },
  token: {
    says: 'unless-plain',
    names: ['sessionTokenX', 'apiKey', 'etherpadToken', 'authorization', 'jwt'],
  },
};

describe('the secrecy of a value by its name', () => {
  it.each(nameRules.map((rule) => rule.id))('is decided by the rule %s', (id) => {
    const { says, names: decided } = names[id];
    for (const name of decided) expect([name, nameRule(name)?.id, secrecyOf(name)]).toEqual([name, id, says]);
  });

  it.each(['port', 'compass', 'keyboard', 'author', 'basalt', 'publicUrl'])('is none: %s', (name) => {
    expect(nameRule(name)).toBeUndefined();
    expect(secrecyOf(name)).toBe('none');
  });
});

type FormRuleId = (typeof formRules)[number]['id'];

/** For each rule, lines that it changes (`S` is the secret) and lines that it leaves alone. */
const forms: Readonly<Record<FormRuleId, { hides: readonly string[]; leaves: readonly string[] }>> = {
  'user-information': {
    hides: ['URL=postgres://a:S@127.0.0.1/c', 'redis://:S@h:1/2', 'https://ops:S@git.example.com'],
    leaves: ['http://127.0.0.1:8090/x?a=b@c', 'ops@example.com', 'https://example.com:443/a@b'],
  },
  'token-as-user': {
    hides: ['git clone https://S@git.example.com/a'],
    leaves: [
      'https://ops@git.example.com',
      'ssh://administrator-of-all@example.com',
      'https://a.example.com/@b',
    ],
  },
  authorization: {
    hides: ['sent Bearer S to it'],
    leaves: ['Basic Authentication is off', 'the Bearer of this letter'],
  },
  'json-web-token': { hides: ['it is S here'], leaves: ['eyJ', 'eyJabcdefghi'] },
  checksum: { hides: ['GET /x?a=b&checksum=S'], leaves: ['GET /x?a=b', 'checksum=0a1b'] },
  'statistics-of-haproxy': { hides: ['  stats auth admin:S'], leaves: ['  stats uri /stats'] },
  'user-of-haproxy': {
    hides: ['  user bob insecure-password S', 'user bob password S'],
    leaves: ['user haproxy', 'user bob groups a'],
  },
  'xml-attributes': {
    hides: ['<param name="password" value="S"/>', "<add key='password' value='S'/>"],
    leaves: ['<param name="port" value="8021"/>'],
  },
  'xml-attributes-value-first': {
    hides: ['<param value="S" name="password"/>', "<add value='S' key='password'/>"],
    leaves: ['<param value="8021" name="port"/>'],
  },
  'xml-element': { hides: ['<password>S</password>'], leaves: ['<port>8021</port>'] },
  'xml-element-by-attribute': {
    hides: ['<entry key="password">S</entry>', "<property name='api.secret'>S</property>"],
    leaves: ['<entry key="port">8021</entry>'],
  },
  'variable-of-nginx': {
    hides: ['set $api_secret S', '  set $token S'],
    leaves: ['set $secret $upstream_secret;', 'set $port 8021;', 'set -e $password'],
  },
  'header-directive': {
    hides: ['proxy_set_header x-admin-secret S', 'http-request set-header X-Api-Key S'],
    leaves: ['proxy_set_header X-Token $token;', 'proxy_set_header Host $host;'],
  },
  'command-line-option': {
    hides: ['run --password S --x', 'curl -api-key S'],
    leaves: ['run --port 80', 'run --password-file /etc/x', 'run --password --x'],
  },
};

/** Secrets of those rules that go by a form of their own. */
const ofItsForm: Readonly<Partial<Record<FormRuleId, string>>> = {
  'json-web-token': 'eyJhbGciOiJI.eyJzdWIi.c2ln',
  'token-as-user': 'ghp0123456789abcdef',
};

describe('a secret on a line', () => {
  it.each(formRules.map((rule) => rule.id))('is recognized by the rule %s', (id) => {
    const rule = formRules.find((one) => one.id === id);
    const secret = ofItsForm[id] ?? 'abc123.def';
    for (const line of forms[id].hides) {
      expect(rule?.hide(line.replace('S', secret))).toBe(line.replace('S', hidden));
    }
    for (const line of forms[id].leaves) expect(rule?.hide(line)).toBe(line);
  });

  it('is not guessed by a name where only forms count', () => {
    expect(maskForms('run --password abc postgres://a:b@c', 'form')).toBe(
      `run --password abc postgres://a:${hidden}@c`,
    );
  });
});

/** For each form of a plain value, some of them. */
const plain: Readonly<Record<keyof typeof plainValues, readonly string[]>> = {
  'truth value': ['true', 'Off', '"none"'],
  'number or duration': ['30', '-1', '1.5', '10 min', '250ms', '24h'],
  'long duration': ['604800000'],
  letter: ['x', "'y'"],
  variable: ['$token', `\${TOKEN}`],
};

describe('a value that is clearly a setting', () => {
  it.each(Object.keys(plainValues) as (keyof typeof plainValues)[])('%s', (form) => {
    for (const value of plain[form]) expect([value, isPlain(value)]).toEqual([value, true]);
  });

  it.each(['hunter2', '123456', '0a1b2c', '1234567', 'truely', '$a$b'])('but not %s', (value) => {
    expect(isPlain(value)).toBe(false);
  });
});
