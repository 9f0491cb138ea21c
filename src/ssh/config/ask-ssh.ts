import { execFile } from 'node:child_process';
import { OperatorError } from '../../model/operator-error.ts';
import { type ClientConfig, parseClientConfig } from './client-config.ts';

/** What `ssh -G` is asked, with the arguments that an operator would give. */
export interface Question {
  readonly name: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  /** undefined: the operator's own configuration */
  readonly config: string | undefined;
}

/**
 * `Match exec` and CanonicalizeHostname may take a while; after this time, no answer is expected.
 * Milliseconds.
 */
const patience = 10_000;

/** Asks ssh(1). Undefined if this machine has none. Throws an OperatorError `ssh-config-invalid`. */
export async function askSsh(question: Question): Promise<ClientConfig | undefined> {
  const args = [
    '-G',
    ...(question.config === undefined ? [] : ['-F', question.config]),
    ...(question.user === undefined ? [] : ['-l', question.user]),
    ...(question.port === undefined ? [] : ['-p', String(question.port)]),
    '--',
    question.name,
  ];
  return new Promise((resolve, reject) => {
    const child = execFile(
      'ssh',
      args,
      { timeout: patience, maxBuffer: 1 << 20 },
      (error, stdout, stderr) => {
        if (error === null) return resolve(parseClientConfig(stdout));
        if (error.code === 'ENOENT') return resolve(undefined);
        reject(
          refused(question, error.killed === true ? `no answer within ${patience / 1_000} seconds` : stderr),
        );
      },
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end();
  });
}

function refused(question: Question, said: string): OperatorError {
  const file = question.config === undefined ? '' : `-F ${question.config} `;
  return new OperatorError({
    code: 'ssh-config-invalid',
    message: `your ssh configuration can't be used for ${question.name}`,
    next: `fix what \`ssh ${file}-G ${question.name}\` reports, or ignore your ssh configuration with \`ssh: {config: none}\` in the inventory`,
    detail: said
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('Pseudo-terminal'))
      .join('\n'),
  });
}
