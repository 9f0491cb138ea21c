import { expect, it } from 'vitest';
import { emptyPlan } from '../../../src/model/plan.ts';
import { chooseRecipe } from '../../../src/playbook/resolve/recipes.ts';
import { planPart } from '../../../src/report/document/host.ts';
import { loadInventoryText } from '../../support/load-inventory.ts';

/** What a report says of the recipe that a proxy gets. */
async function told(software: string, facts: Readonly<Record<string, string | boolean>>) {
  const { playbook } = await loadInventoryText(
    'playbook: bigbluebutton\ncluster: {name: prod, hostname: p.example.com}\nhosts: {proxy: [{name: p}], node: [{name: n, hostname: n.example.com}]}\n',
  );
  const role = playbook.roles.find(({ name }) => name === 'proxy');
  if (role === undefined) throw new Error('the playbook has no proxies');
  const context = {
    cluster: { name: 'prod' },
    host: { state: 'active' },
    vars: { proxy_software: software },
    facts,
  };
  const recipe = chooseRecipe(role, { name: 'p', recipe: undefined }, context);
  return [recipe?.name, planPart({ ...emptyPlan({ name: 'p', role: 'proxy' }), recipe }).recipe];
}

it('is one for people, whether the software was named or found', async () => {
  const found = { set_up: false, nginx: false, nginx_is: '', haproxy_is: '', caddy_is: '' };
  for (const software of ['haproxy', 'caddy']) {
    const here = { ...found, [software]: true, [`${software}_is`]: 'enabled' };
    expect(await told(software, here)).toEqual([`${software}-named`, software]);
  }
  const caddy = { ...found, caddy: true, caddy_is: 'enabled' };
  expect(await told('auto', caddy)).toEqual(['caddy', 'caddy']);
  expect(await told('nginx', { ...found, nginx: true })).toEqual(['nginx-named', 'nginx']);
  expect(await told('auto', { ...found, nginx: true, nginx_is: 'enabled' })).toEqual(['nginx', 'nginx']);
});
