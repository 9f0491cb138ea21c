import { describe, expect, it } from 'vitest';
import type { ActionProgram } from '../../src/model/action.ts';
import type { Handler } from '../../src/model/handler.ts';
import type { Stage } from '../../src/model/plan.ts';
import { packageRoot } from '../../src/package-root.ts';
import { readText } from '../../src/playbook/resolve/load-inventory.ts';
import { handOverNotes, handsOver } from '../../src/run/busy/hands-over.ts';
import { rolloutOf } from '../../src/run/rollout.ts';
import { type Given, hostPlan } from '../support/host-plan.ts';

const inventoryOf = (playbook: string, role: string, virtual = ', virtual_address: 192.0.2.10') =>
  readText({
    file: `${packageRoot()}/inventory.yaml`,
    text: `playbook: ${playbook}
cluster: {name: prod, hostname: media.example.com${virtual}}
hosts:
  ${role}:
    - {name: door-1, address: 192.0.2.5}
    - {name: door-2, address: 192.0.2.6}
  node:
    - {name: node-01, hostname: node-01.example.com, address: 192.0.2.11}
`,
  });

function handler(kind: 'reload' | 'restart' | 'command', guards: Handler['guards'] = []): Given {
  const action = kind === 'command' ? { kind, argv: ['true'] } : { kind, unit: 'door.service' };
  const rest = { id: 'door', validate: undefined, checks: [], timeout: 60, settle: 3, rewrites: [] };
  return { handlers: [{ handler: { ...rest, actions: [action], guards }, because: ['x'] }] };
}
const guard = { id: 'streams', query: { kind: 'command', args: ['true'] } } as const;

/** An action of a kind, of which nothing else counts. */
function action(kind: ActionProgram['kind']): Given {
  const run = { kind } as ActionProgram;
  const one = { name: kind, run, unless: undefined, timeout: 60, notes: [] };
  const provides = { packages: [], units: [], paths: [], renews: [] };
  const actions: Stage['actions'] = [{ action: { ...one, provides }, step: 'x' }];
  return { actions };
}

const doors = [
  ['bigbluebutton', 'proxy', true],
  ['averox', 'proxy', true],
  ['wcs', 'balancer', false],
  ['antmedia', 'balancer', false],
] as const;

describe.each(doors)('%s: a %s', (playbook, role, byHandlers) => {
  const hands = async (given: Given, more: Given = {}) => {
    const plan = hostPlan('door-1', role, { ...given, ...more });
    const inventory = await inventoryOf(playbook, role);
    const what = handsOver(plan, { inventory })?.what;
    // What is said beforehand is what is done.
    expect(handOverNotes(inventory, [plan])).toHaveLength(what === undefined ? 0 : 1);
    const rules = { inventory, parallel: 1, maxUnavailable: undefined, whenBusy: undefined };
    const expected =
      what === undefined || more.skipped || more.retires ? undefined : { hosts: ['door-1'], what };
    expect(rolloutOf([plan], rules)[0]?.handsOver).toEqual(expected);
    return what !== undefined;
  };

  it.each(['reboot', 'upgrade-packages', 'script', 'remove-packages'] as const)(
    'hands the address over before: %s',
    async (kind) => expect(await hands(action(kind))).toBe(true),
  );

  it.each([
    ['what only adds something', action('install-packages')],
    ['an archive', action('unpack')],
    ['a certificate', action('certbot')],
    ['a reload', handler('reload')],
    ['a command that asks nobody', handler('command')],
    ['files', {}],
  ])('keeps it while there is no more than: %s', async (_, given) => expect(await hands(given)).toBe(false));

  it(`${byHandlers ? 'hands it over' : 'keeps it, as that interrupts less,'} before a restart`, async () => {
    expect(await hands(handler('restart'))).toBe(byHandlers);
    expect(await hands(handler('reload', [guard]))).toBe(byHandlers);
  });

  it('hands nothing over that leaves, or is left alone, or where nobody moves the address', async () => {
    expect(await hands(action('reboot'), { retires: true })).toBe(false);
    expect(await hands(action('reboot'), { skipped: true })).toBe(false);
    const inventory = await inventoryOf(playbook, role, '');
    expect(handsOver(hostPlan('door-1', role, action('reboot')), { inventory })).toBeUndefined();
  });
});
