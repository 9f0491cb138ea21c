/** What can run a schedule, where it isn't installed on this machine. */
export const schedulers = ['systemd', 'cron', 'kubernetes', 'gitlab', 'github', 'nomad'] as const;
export type Scheduler = (typeof schedulers)[number];
