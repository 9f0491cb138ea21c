import type { PrintedFile } from '../../model/schedule.ts';
import { type Unit, units } from '../units.ts';
import { crontab } from './cron.ts';
import { cronJob, type Elsewhere } from './kubernetes.ts';
import { nomadJob } from './nomad.ts';
import { githubWorkflow, gitlabPipeline } from './pipelines.ts';
import type { Scheduler } from './schedulers.ts';

/** The texts that a scheduler takes, and the files that they are usually in. Pure. */
export function textsFor(scheduler: Scheduler, unit: Unit & Elsewhere): readonly PrintedFile[] {
  switch (scheduler) {
    case 'systemd':
      return units(unit);
    case 'cron':
      return [{ file: 'crontab', text: crontab(unit) }];
    case 'kubernetes':
      return [{ file: 'cronjob.yaml', text: cronJob(unit) }];
    case 'gitlab':
      return [{ file: '.gitlab-ci.yml', text: gitlabPipeline(unit) }];
    case 'github':
      return [{ file: '.github/workflows/cluster.yml', text: githubWorkflow(unit) }];
    case 'nomad':
      return [{ file: 'job.json', text: nomadJob(unit) }];
  }
}
