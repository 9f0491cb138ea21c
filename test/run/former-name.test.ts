import { describe, expect, it } from 'vitest';
import type { Stage } from '../../src/model/plan.ts';
import type { PathState } from '../../src/model/snapshot.ts';
import { formerName, withName } from '../../src/run/former-name.ts';

function changing(before: string | undefined, after: string): Stage['changes'] {
  const state = (text: string | undefined): PathState =>
    (text === undefined ? { kind: 'missing' } : { kind: 'file', content: Buffer.from(text) }) as PathState;
  return [
    { path: '/etc/nginx/x.conf', before: state(before), after: state(after) } as Stage['changes'][number],
  ];
}

describe('the name that a cluster had until now', () => {
  it('stands where the new one will', () => {
    const old =
      'server {\n  server_name old.example.com;\n  return 301 https://old.example.com$request_uri;\n}\n';
    const changes = changing(old, old.replaceAll('old.example.com', 'new.example.org'));
    expect(formerName(changes, 'new.example.org')).toBe('old.example.com');
  });

  it('is unknown where a file is new, or only a line', () => {
    expect(
      formerName(changing(undefined, 'server_name new.example.org;\n'), 'new.example.org'),
    ).toBeUndefined();
    const more = changing('listen 80;\n', 'listen 80;\nserver_name new.example.org;\n');
    expect(formerName(more, 'new.example.org')).toBeUndefined();
  });

  it('is the one that most lines have, whole and nothing longer', () => {
    const changes = changing(
      'a old.example.com;\nb old.example.com;\nc other.example.com;\nd new.example.org.uk;\n',
      'a new.example.org;\nb new.example.org;\nc new.example.org;\nd new.example.org.uk;\n',
    );
    expect(formerName(changes, 'new.example.org')).toBe('old.example.com');
  });

  it('is none of those in lines that stay', () => {
    const old = 'server_name shop.example.com;\nserver_name new.example.org;\nlisten 443;\n';
    expect(formerName(changing(old, `${old}listen 8443;\n`), 'new.example.org')).toBeUndefined();
    const more = changing('server_name shop.example.com;\n', old);
    expect(formerName(more, 'new.example.org')).toBeUndefined();
  });

  it.each(['10.0.0.1', 'snippets.conf', 'live.pem', 'app.SOCK'])(
    'is neither an address nor a file: %s',
    (other) => {
      const changes = changing(`proxy_pass x ${other};\n`, 'proxy_pass x new.example.org;\n');
      expect(formerName(changes, 'new.example.org')).toBeUndefined();
    },
  );

  it('may be one that only the own network knows', () => {
    const changes = changing('server_name bbb.lan;\n', 'server_name new.example.org;\n');
    expect(formerName(changes, 'new.example.org')).toBe('bbb.lan');
  });

  it('can be put in place of the new one, but not of a part of another name', () => {
    expect(withName('https://a.b/ https://x.a.b/ a.b-c', 'a.b', 'o.p')).toBe(
      'https://o.p/ https://x.a.b/ a.b-c',
    );
  });
});
