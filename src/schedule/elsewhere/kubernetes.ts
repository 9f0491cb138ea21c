import { stringify } from 'yaml';
import { offsetMinute } from '../names.ts';
import type { Schedule } from '../units.ts';
import { cronFields } from '../when.ts';

/** Where a schedule runs that isn't a machine of the operator's. */
export interface Elsewhere extends Schedule {
  /** the container image that has the program */
  readonly image: string;
  /** names of the variables from which the inventory takes secrets */
  readonly secrets: readonly string[];
  /** name of the inventory file, without its folder */
  readonly inventory: string;
}

/** A longer name makes the names of its jobs too long. */
const longest = 52;

/**
 * A CronJob of Kubernetes (batch/v1): inventory and key from a Secret, records on a volume that stays.
 * `startingDeadlineSeconds`: what was missed for longer isn't caught up, and what is caught up only looks.
 */
export function cronJob({ name, when, spread, zone, image, secrets, inventory, words }: Elsewhere): string {
  const job = `clusterproxy-${name}`
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .slice(0, longest)
    .replace(/-+$/, '');
  const container = {
    name: 'clusterproxy',
    image,
    args: [...inContainer(words, `/cluster/${inventory}`), '--state', '/records'],
    env: [
      { name: 'HOME', value: '/tmp' },
      ...secrets.map((secret) => ({
        name: secret,
        valueFrom: { secretKeyRef: { name: `${job}-secrets`, key: secret } },
      })),
    ],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'cluster', mountPath: '/cluster', readOnly: true },
      { name: 'records', mountPath: '/records' },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
  const pod = {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [container],
    volumes: [
      // Kubernetes lets fsGroup read it as well; ssh minds only if the file is the user's own.
      { name: 'cluster', secret: { secretName: `${job}-cluster`, defaultMode: 0o400 } },
      { name: 'records', persistentVolumeClaim: { claimName: `${job}-records` } },
      { name: 'tmp', emptyDir: {} },
    ],
  };
  const cron = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: job },
    spec: {
      schedule: cronFields(when, offsetMinute(name)),
      ...(zone === undefined ? {} : { timeZone: zone }),
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: Math.max(600, spread),
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: { spec: { backoffLimit: 0, template: { spec: pod } } },
    },
  };
  return [
    `# The Secret ${job}-cluster holds the inventory and what it names by paths (known_hosts, a private key),`,
    `# the claim ${job}-records keeps what runs have found${secrets.length === 0 ? '' : `, and the Secret ${job}-secrets the variables`}.`,
    '# A job fails (exit status 2) if a host differs.',
    stringify(cron, { lineWidth: 0, aliasDuplicateObjects: false }),
  ].join('\n');
}

/** What follows the program's name in a container, where the inventory is elsewhere. */
export function inContainer(words: readonly string[], inventory: string): readonly string[] {
  return words.map((word, index) => (words[index - 1] === '--inventory' ? inventory : word));
}
