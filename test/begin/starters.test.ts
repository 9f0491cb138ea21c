import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inventoryText } from '../../src/begin/inventory-text.ts';
import { starters } from '../../src/begin/starters.ts';
import { packageRoot } from '../../src/package-root.ts';
import { builtInPlaybooks } from '../../src/playbook/read/chain.ts';
import { loadPlaybook } from '../../src/playbook/read/load.ts';
import { readText } from '../../src/playbook/resolve/load-inventory.ts';

const page = readFileSync(join(packageRoot(), 'docs/starters.md'), 'utf8');

describe('starters', () => {
  it('are there for each playbook that comes with the program', async () => {
    expect(Object.keys(starters).sort()).toEqual(await builtInPlaybooks());
  });

  it.each(Object.entries(starters))(
    '%s: ten lines that are valid, and that docs/starters.md has',
    async (name, draft) => {
      const { roles } = await loadPlaybook(name, packageRoot());
      const text = inventoryText(
        draft,
        roles.map((role) => role.name),
      );
      expect(text.trimEnd().split('\n')).toHaveLength(10);
      const { hosts, playbook } = await readText({ file: 'prod.yaml', text });
      expect(playbook.name).toBe(name);
      expect(hosts).toHaveLength(3);
      expect(page).toContain(`\`\`\`yaml\n${text}\`\`\``);
    },
  );
});
