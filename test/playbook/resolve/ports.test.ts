import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/package-root.ts';
import { builtInPlaybooks } from '../../../src/playbook/read/chain.ts';
import { loadPlaybook } from '../../../src/playbook/read/load.ts';
import { portRows, portTable } from '../../support/ports.ts';

const pages = await Promise.all(
  (await builtInPlaybooks()).map(async (name) => {
    const own = await readFile(join(packageRoot(), 'playbooks', `${name}.yaml`), 'utf8');
    return { name, own };
  }),
);

describe('the ports that a firewall has to let through', () => {
  it.each(pages.filter(({ own }) => /^ +ports:$/m.test(own)))(
    'of $name stand in its page as in the playbook',
    async ({ name }) => {
      const playbook = await loadPlaybook(name, '.');
      const page = await readFile(join(packageRoot(), 'docs', `${name}.md`), 'utf8');
      const rows = portRows(playbook);
      expect(new Set(rows.map(({ on }) => on))).toEqual(new Set(playbook.roles.map((role) => role.name)));
      expect(page).toContain(portTable(rows));
    },
  );

  it('are inherited by a playbook that extends another one', async () => {
    const rows = portRows(await loadPlaybook('averox', '.'));
    expect(rows).toEqual(portRows(await loadPlaybook('bigbluebutton', '.')));
    expect(rows.length).toBeGreaterThan(4);
  });
});
