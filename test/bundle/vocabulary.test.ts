import { beforeAll, describe, expect, it } from 'vitest';
import { shippedWords } from '../../src/cli/shipped-words.ts';
import { runIdIn, versionIn } from '../../src/support/closed-lists.ts';
import { nginxStructure } from '../../src/support/nginx-structure.ts';
import type { Vocabulary } from '../../src/support/vocabulary.ts';
import { Words } from '../../src/support/words.ts';

let vocabulary: Vocabulary;
beforeAll(async () => {
  ({ vocabulary } = await shippedWords());
});

describe('versions', () => {
  it.each([
    ['2.6.14', '2.6.14'],
    ['1:2.6.12-1+deb12u1', '2.6.12'],
    ['3.0.0-beta.1', '3.0.0-beta.1'],
    ['22.04', '22.04'],
    // Four numbers are an address, and a long one may be a number to be called.
    ['192.0.2.5', 'other'],
    ['4930123456', 'other'],
    ['kanarie', 'other'],
    ['1.2kanarie', '1.2'],
  ])('%s is told as %s', (text, told) => expect(versionIn(text)).toBe(told));
});

it('takes for a run only what has the form of a run', () => {
  expect(runIdIn('20261126T083452Z-2ac06b')).toBe('20261126T083452Z-2ac06b');
  expect(runIdIn('20261126T083452Z-2ac06b-2')).toBe('20261126T083452Z-2ac06b-2');
  expect(runIdIn('20261126T083452Z-2ac06b-kanarie')).toBeUndefined();
});

describe('words', () => {
  it('keeps what a playbook of ours has, and nothing else', () => {
    const words = new Words(vocabulary, undefined);
    expect(words.name('client-settings')).toBe('client-settings');
    expect(words.name('kanarie')).toBe('word-1');
    expect(words.name('Kanarie')).toBe('word-1');
    expect(words.path('/etc/bigbluebutton/bbb-web.properties')).toBe('/etc/bigbluebutton/bbb-web.properties');
    expect(words.path('/etc/kanarie/kanarie.conf')).toBe('/etc/word-1/word-1.conf');
    expect(words.key(['public', 'kanarienvogel'])).toEqual(['public', 'key-1']);
    expect(words.server('127.0.0.1')).toBe('127.0.0.1');
    expect(words.server('[2001:db8::7]')).toBe('address-1');
    expect(words.server('kanarie')).toBe('word-1');
  });
});

describe("nginx's structure", () => {
  const structure = (text: string) => nginxStructure(text, new Words(vocabulary, undefined));

  it('has names of directives and how they are nested', () => {
    expect(
      structure(`# kanarie
server {
  listen 198.51.100.77:8443 ssl http2;
  server_name kanarie.example *.kanarie.example ~^kanarie;
  set $bbb_cors_origin 'https://kanarie.example';
  set $kanarie kanarie;
  include /etc/nginx/kanarie.conf;
  add_header X-Kanarie kanarie;
  kanarie_module on;
  location ^~ /kanarie/html5client/ { proxy_pass https://kanarie.example:8443/html5client/; }
  location ~ /kanarie { proxy_pass http://$kanarie; client_max_body_size 30m; }
  kanarie_block kanarie { return 301 https://kanarie.example; }
}
`),
    ).toEqual([
      'server {',
      '  listen address-1:8443 ssl http2',
      '  server_name name-1 *.name-1 ~…',
      '  set $bbb_cors_origin',
      '  set $…',
      '  include /etc/nginx/name-2.conf',
      '  add_header …',
      '  location ^~ /name-2/html5client/ {',
      '    proxy_pass https://name-1:8443/html5client/',
      '  }',
      '  location ~ … {',
      '    proxy_pass $…',
      '    client_max_body_size 30m',
      '  }',
      '  other-block … {',
      '    return 301',
      '  }',
      '}',
    ]);
  });

  it('says of a file that is none that it is none', () => {
    expect(structure('server { kanarie')).toEqual(['not a valid nginx configuration']);
  });
});
