import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/package-root.ts';
import { viewCluster } from '../../../src/playbook/resolve/contexts.ts';
import { readText } from '../../../src/playbook/resolve/load-inventory.ts';
import { byHandTexts } from '../../../src/run/by-hand.ts';
import { hardeningItems } from '../../../src/steps/hardening/items.ts';

const told = async (playbook: string, proxy: string, vars: string) => {
  const inventory = await readText({
    file: `${packageRoot()}/inventory.yaml`,
    text: `playbook: ${playbook}
cluster: {name: prod, hostname: bbb.example.com}
vars: {${vars}}
hosts:
  proxy: ${proxy}
  node:
    - {name: bbb-01, hostname: bbb-01.example.com}
`,
  });
  return byHandTexts(viewCluster(inventory, new Map())).filter(({ title }) => title.includes('hardening'));
};

describe.each(['bigbluebutton', 'averox'])('%s: a proxy that somebody else runs', (playbook) => {
  it('is not hardened in silence: the plan says what has to be done there, item by item', async () => {
    const [one, ...others] = await told(
      playbook,
      'external',
      `hardening: [${hardeningItems.join(', ')}], expected_users: 3000, hsts_max_age: 600, hsts_subdomains: true, address_users: 700`,
    );
    expect(others).toEqual([]);
    expect(one?.title).toContain('nothing of it is set up there');
    const lines = one?.text.trim().split('\n') ?? [];
    expect(lines.map((line) => line.split(':')[0])).toEqual(hardeningItems);
    expect(one?.text).toContain('as 3000 users need');
    expect(one?.text).toContain('Strict-Transport-Security: max-age=600; includeSubDomains');
    expect(one?.text).toContain('700 users of one address');
  });

  it('has nothing said of it where nobody wants it hardened, or it is one of ours', async () => {
    expect(await told(playbook, 'external', '')).toEqual([]);
    expect(await told(playbook, '[{name: proxy-1, address: 192.0.2.5}]', 'hardening: [tls]')).toEqual([]);
  });
});
