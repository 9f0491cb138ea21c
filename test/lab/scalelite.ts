import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from './host.ts';

type State = 'enabled' | 'cordoned' | 'disabled';

const folder = '/var/lib/scalelite';

/**
 * `docker exec scalelite-api bin/rake …` of Scalelite 1.8.5 (lib/tasks/servers.rake) over a file for each
 * server: its state, and `online` or `offline`. A task takes a moment, as Rails does. Whatever ends meetings
 * is noted, and nothing more.
 */
const rake = `#!/bin/sh
[ "$1 $2 $3" = 'exec scalelite-api bin/rake' ] || exit 125
cd ${folder} || exit 1
echo "$4" >>calls
sleep 0.3
id=\${4#*\\[}
id=\${id%\\]}
case $4 in
  servers)
    for file in *.server; do
      name=\${file%.server}
      read -r state online <"$file"
      printf 'id: id-%s\\n\\turl: https://%s/bigbluebutton/api\\n\\tsecret: secret\\n\\t%s\\n\\tload: 1.0\\n\\tload multiplier: 1.0\\n\\tbbb version: 3.0\\n\\ttag: \\n\\t%s\\n' "$name" "$name" "$state" "$online"
    done
    ;;
  servers:cordon*) read -r state online <"\${id#id-}.server" && echo "cordoned $online" >".new" && mv .new "\${id#id-}.server" && echo OK ;;
  servers:enable*) read -r state online <"\${id#id-}.server" && echo "enabled $online" >".new" && mv .new "\${id#id-}.server" && echo OK ;;
  *) exit 1 ;;
esac
`;

/** A stand-in for Scalelite on a host of the lab: what it is told by rake, and what its poller does. */
export class Scalelite {
  readonly #host: LabHost;

  private constructor(host: LabHost) {
    this.#host = host;
  }

  static async install(host: LabHost, servers: readonly string[]): Promise<Scalelite> {
    await host.writeFile('/usr/local/bin/docker', rake, 0o755);
    const scalelite = new Scalelite(host);
    for (const server of servers) await host.writeFile(`${folder}/${server}.server`, 'enabled online\n');
    return scalelite;
  }

  state(server: string): State {
    return (this.#read(server)[0] ?? 'disabled') as State;
  }

  /** Its poller: a cordoned server without load becomes disabled; one that is disabled isn't polled. */
  poll(server: string, load: number): void {
    const [state, online] = this.#read(server);
    if (state === 'cordoned' && load === 0) this.#write(server, `disabled ${online}`);
  }

  /** Somebody, or something, makes it that. */
  make(server: string, state: State): void {
    this.#write(server, `${state} online`);
  }

  /** What it was told by rake. */
  get calls(): readonly string[] {
    const file = join(this.#host.root, folder, 'calls');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }

  #read(server: string): readonly string[] {
    return readFileSync(this.#file(server), 'utf8').trim().split(' ');
  }

  #write(server: string, text: string): void {
    const fresh = `${this.#file(server)}.fresh`;
    writeFileSync(fresh, `${text}\n`);
    renameSync(fresh, this.#file(server));
  }

  #file(server: string): string {
    return join(this.#host.root, folder, `${server}.server`);
  }
}
