import { type SchedulePolicy, schedulePolicies } from '../model/schedule.ts';

/** What an installed timer says of its schedule. */
export interface Settings {
  readonly policy: SchedulePolicy;
  /** in words */
  readonly when: string;
  readonly records: string;
}

/** A section that systemd passes over, as its name begins with X- (systemd.unit(5)). */
export function settingsSection({ policy, when, records }: Settings): readonly string[] {
  return [`Policy=${policy}`, `When=${when}`, `Records=${records}`];
}

/** The settings in the text of a timer; undefined where they aren't those of one of ours. */
export function settingsIn(text: string): Settings | undefined {
  const section = text.slice(text.indexOf('[X-Clusterproxy]') + 1);
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(section)?.[1];
  const [policy, when, records] = [value('Policy'), value('When'), value('Records')];
  const known = schedulePolicies.find((one) => one === policy);
  if (known === undefined || when === undefined || records === undefined) return undefined;
  return { policy: known, when, records };
}
