import pLimit from 'p-limit';
import { remembered } from '../remembered.ts';
import { askSsh, type Question } from './ask-ssh.ts';
import type { ClientConfig } from './client-config.ts';
import { configurationMatters } from './config-files.ts';

/**
 * The operator's ssh configuration for a name; undefined if it contains nothing relevant, or if there is no
 * ssh(1) to read it. Throws an OperatorError `ssh-config-invalid`.
 */
export type ConfigLookup = (question: Question) => Promise<ClientConfig | undefined>;

/**
 * One per run: the same question is asked only once. The files are read first, since most machines have none
 * that matter.
 */
export function createConfigLookup(): ConfigLookup {
  const answers = new Map<string, Promise<ClientConfig | undefined>>();
  const mattering = new Map<string | undefined, Promise<boolean>>();
  const limit = pLimit(8);
  return async (question) => {
    const { config } = question;
    if (config === 'none') return undefined;
    const matters = remembered(mattering, config, () => configurationMatters(config));
    if (!(await matters)) return undefined;
    return remembered(answers, JSON.stringify(question), () => limit(() => askSsh(question)));
  };
}
