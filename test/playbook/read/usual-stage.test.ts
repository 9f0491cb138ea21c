import { expect, it } from 'vitest';
import { loadPlaybook } from '../../../src/playbook/read/load.ts';

it('is the stage of all steps that name none, also of those that another playbook adds', async () => {
  const { roles } = await loadPlaybook('averox', '.');
  const proxy = roles.find(({ name }) => name === 'proxy');
  expect(proxy?.stages).toEqual(['preparation', 'certificate', 'proxy', 'address']);
  const stages = new Map(proxy?.steps.map(({ id, stage }) => [id, stage]));
  expect(stages.get('node-locations')).toBe('proxy');
  expect(stages.get('address-packages')).toBe('preparation');
  expect(stages.get('address')).toBe('address');
});
