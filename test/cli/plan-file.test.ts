import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { agreedPlan, commandToApply, readPlan, writePlan } from '../../src/cli/plan-file.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { SecretRegister } from '../../src/secrets/register.ts';

const plan = { hosts: [], byHand: [], warnings: [] };
const sources = { text: 'inventory', playbookText: 'playbook' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it.each([0o644, 0o666, 0o600])(
  'is readable by its owner alone, also in place of a file of mode %o',
  async (mode) => {
    const file = join(folder, 'plan.json');
    writeFileSync(file, 'x'.repeat(100_000));
    chmodSync(file, mode);
    await writePlan(file, plan, sources);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await readPlan(file)).toMatchObject({ hosts: expect.anything() });
    expect(readFileSync(file, 'utf8')).not.toContain('xxx');
  },
);

it.each([
  ['missing/plan.json', 'it, or a folder on its path, does not exist'],
  ['', 'it is a directory'],
])('says in words why it can not be written to %j', async (name, reason) => {
  const file = join(folder, name);
  await expect(writePlan(file, plan, sources)).rejects.toThrow(
    expect.objectContaining({ message: `the plan can't be saved to ${file}: ${reason}` }),
  );
});

it('can be written to what is no regular file', async () => {
  await writePlan('/dev/null', plan, sources);
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  expect(statSync('/dev/null').mode & 0o777).toBe(0o666);
});

const optionSets = [
  [{ limit: [], prune: false }, ''],
  [{ limit: ['bbb-03', 'proxy'], prune: false }, ' --limit bbb-03,proxy'],
  [{ limit: [], prune: true }, ' --prune'],
] as const;

it.each(optionSets)('names the options without which the plan would be another one: %j', (options, words) => {
  expect(commandToApply('agreed.json', { inventory: 'prod.yaml', ...options })).toBe(
    `clusterproxy apply --inventory prod.yaml${words} --plan agreed.json`,
  );
  // How people are treated is part of what was agreed on.
  const agreed = {
    ...({ inventory: 'prod.yaml', limit: [], prune: false, whenBusy: 'drain', confirm: 'outside' } as const),
    window: [{ typed: 'sat 06:00-18:00' }, { typed: '22:00-05:00' }],
    deadline: { typed: '05:00' },
    maxUnavailable: { percent: 20 },
  } as const;
  expect(commandToApply('agreed.json', agreed)).toBe(
    "clusterproxy apply --inventory prod.yaml --when-busy drain --window 'sat 06:00-18:00' --window '22:00-05:00' --deadline 05:00 --max-unavailable 20% --confirm outside --plan agreed.json",
  );
});

it.each(optionSets)(
  'is to be made again with the same options where it differs: %j',
  async (options, words) => {
    const file = join(folder, 'plan.json');
    await writePlan(file, plan, sources);
    const inventory = { ...sources, text: 'another', file: 'prod.yaml' } as unknown as Inventory;
    const now = { plan, inventory, secrets: new SecretRegister() };
    const { refusal } = await agreedPlan(file, await readPlan(file), now, {
      inventory: 'prod.yaml',
      ...options,
    });
    expect(refusal).toMatchObject({
      code: 'plan-differs',
      next: `review it again: clusterproxy plan --inventory prod.yaml${words} --out ${file}`,
    });
  },
);
