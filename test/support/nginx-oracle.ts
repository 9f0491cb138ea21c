import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { VirtualHost } from '../../src/virtual/virtual-host.ts';

/** Why tests with the real nginx don't run; undefined if they do. */
export const withoutNginx =
  spawnSync('nginx', ['-v']).status === 0 ? undefined : 'nginx is not installed on this machine';

export interface NginxConfiguration {
  /** the content of `http { … }`; paths of the host are first moved below a folder */
  readonly http: string;
  readonly host: VirtualHost;
  /** files in addition to those of the host */
  readonly files?: Readonly<Record<string, string>>;
}

/** The output of `nginx -t` for a host's files; empty if it has nothing to report. */
export function nginxTest({ http, host, files = {} }: NginxConfiguration): string {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  try {
    const below = (text: string) =>
      text.replace(
        /(^|[\s'"])(\/(?:etc|usr\/share|var\/log)\/)/gm,
        (_, before, path) => `${before}${folder}${path}`,
      );
    const put = (path: string, text: string) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), below(text));
    };
    const snapshot = host.asSnapshot();
    for (const [path, state] of snapshot.paths) {
      const file = state.kind === 'symlink' ? state.resolved : state;
      if (file?.kind === 'file') put(path, file.content.toString());
    }
    for (const [path, text] of Object.entries(files)) put(path, text);
    mkdirSync(join(folder, 'var/log/nginx'), { recursive: true });
    const main = `error_log stderr error;\npid ${folder}/pid;\nevents {}\nhttp {\n${below(http)}\n}\n`;
    writeFileSync(join(folder, 'nginx.conf'), main);
    const { status, stderr } = spawnSync('nginx', [
      '-t',
      '-q',
      '-p',
      folder,
      '-c',
      join(folder, 'nginx.conf'),
    ]);
    return status === 0 ? stderr.toString() : stderr.toString() || `exit status ${status}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
