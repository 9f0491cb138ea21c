/** What settings are about, in the order in which they are told. */
export const settingTopics = [
  'program',
  'inventory',
  'ssh',
  'folders',
  'variables',
  'terminal',
  'network',
] as const;
export type SettingTopic = (typeof settingTopics)[number];

/** Something that decides how the program works on this machine. */
export interface Setting {
  readonly topic: SettingTopic;
  readonly name: string;
  /** undefined: there is none */
  readonly value: string | undefined;
  /** what it is from, or what follows from it */
  readonly why: string;
}
