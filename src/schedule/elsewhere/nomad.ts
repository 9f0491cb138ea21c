import { offsetMinute } from '../names.ts';
import { cronFields } from '../when.ts';
import { type Elsewhere, inContainer } from './kubernetes.ts';

/**
 * A periodic batch job of Nomad in the form of its API, for `nomad job run -json`. It takes no secret from
 * here: the inventory's references are resolved in the task, `env` by a template of Nomad's or Vault's.
 */
export function nomadJob({ name, when, zone, image, inventory, words }: Elsewhere): string {
  const id = `clusterproxy-${name}`;
  const task = {
    Name: 'clusterproxy',
    Driver: 'docker',
    User: '1000',
    Config: {
      image,
      args: [...inContainer(words, `/cluster/${inventory}`), '--state', '/records'],
      cap_drop: ['all'],
    },
    VolumeMounts: [
      { Volume: 'cluster', Destination: '/cluster', ReadOnly: true },
      { Volume: 'records', Destination: '/records', ReadOnly: false },
    ],
    Resources: { CPU: 500, MemoryMB: 512 },
  };
  const job = {
    ID: id,
    Name: id,
    Type: 'batch',
    Datacenters: ['*'],
    Periodic: {
      Enabled: true,
      SpecType: 'cron',
      Spec: cronFields(when, offsetMinute(name)),
      ProhibitOverlap: true,
      TimeZone: zone ?? 'UTC',
    },
    TaskGroups: [
      {
        Name: 'clusterproxy',
        Count: 1,
        RestartPolicy: { Attempts: 0, Mode: 'fail' },
        ReschedulePolicy: { Attempts: 0, Unlimited: false },
        Volumes: {
          cluster: { Name: 'cluster', Type: 'host', Source: `${id}-cluster`, ReadOnly: true },
          records: { Name: 'records', Type: 'host', Source: `${id}-records`, ReadOnly: false },
        },
        Tasks: [task],
      },
    ],
  };
  return `${JSON.stringify({ Job: job }, undefined, 2)}\n`;
}
