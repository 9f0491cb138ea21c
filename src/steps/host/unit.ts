import { z } from 'zod';
import { unitPath } from '../../model/snapshot.ts';
import { unitAspect } from '../../virtual/managed.ts';
import { unitName } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';

const parameters = z
  .strictObject({
    name: unitName.describe('the unit, such as haproxy.service'),
    enabled: z.boolean().optional().describe('whether it is started when the host starts'),
    active: z.boolean().optional().describe('whether it runs now'),
    masked: z.literal(true).optional().describe('true: nothing can start it'),
  })
  .refine((given) => given.enabled !== undefined || given.active !== undefined || given.masked, {
    message: 'expected enabled, active or masked',
  })
  .refine((given) => !(given.masked && (given.enabled !== undefined || given.active === true)), {
    message: "a masked unit can't be enabled or run: combine masked only with active: false",
  });

type UnitParameters = z.infer<typeof parameters>;

/**
 * Whether a systemd unit is enabled and running. This is part of the transaction: a revert or a rollback
 * restores the former state. It is changed after the files of its stage have been put in place and accepted,
 * and before handlers run. Source: systemctl(1).
 */
export const unitState: StepModule<UnitParameters> = {
  name: 'unit',
  description: 'whether a systemd unit is enabled and running',
  parameters,
  reads: ({ name }) => ({ units: [name] }),
  writes: ({ name }) => [unitPath(name)],
  apply: (host, { name, enabled, active, masked }) => {
    const path = unitPath(name);
    if (enabled !== undefined || masked) host.manage(unitAspect(path, 'enabled'));
    if (active !== undefined) host.manage(unitAspect(path, 'active'));
    const found = host.unit(name);
    if (enabled && ['static', 'generated', 'transient', 'alias'].includes(found?.enabled ?? '')) {
      throw host.problem(
        'unit-not-enableable',
        `${name} is ${found?.enabled}: it has no [Install] section, so it can't be enabled by itself`,
        'enable the unit that starts it, and set only "active" for this one',
      );
    }
    host.setUnit(name, { enabled, active, masked });
  },
};
