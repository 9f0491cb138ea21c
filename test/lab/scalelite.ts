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

/** What a poll finds on a server. */
export interface Polled {
  readonly load: number;
  readonly answers: boolean;
  /** ids of its meetings */
  readonly live: readonly string[];
}

/** A stand-in for Scalelite on a host of the lab: what it is told by rake, and what its poller does. */
export class Scalelite {
  readonly #host: LabHost;
  readonly #servers: readonly string[];
  /** where meetings are, or were */
  readonly #meetings = new Map<string, string>();
  /** those of them that had ended at the last poll */
  readonly #over = new Set<string>();
  /** polls in a row without an answer */
  readonly #missed = new Map<string, number>();

  private constructor(host: LabHost, servers: readonly string[]) {
    this.#host = host;
    this.#servers = servers;
  }

  static async install(host: LabHost, servers: readonly string[]): Promise<Scalelite> {
    await host.writeFile('/usr/local/bin/docker', rake, 0o755);
    const scalelite = new Scalelite(host, servers);
    for (const server of servers) await host.writeFile(`${folder}/${server}.server`, 'enabled online\n');
    return scalelite;
  }

  state(server: string): State {
    return (this.#read(server)[0] ?? 'disabled') as State;
  }

  /**
   * Its poller: a cordoned server without load becomes disabled; one that is disabled isn't polled. Meetings
   * that have ended are forgotten at the second poll after that, but not those of a disabled server. After
   * two polls without an answer one is offline, and its meetings are ended and forgotten. Whether it is
   * online, as far as the poller knows.
   */
  poll(server: string, { load, answers, live }: Polled): boolean {
    const [state] = this.#read(server);
    if (state === 'disabled') return true;
    for (const [meeting, there] of this.#meetings) {
      if (there !== server) continue;
      if (live.includes(meeting)) this.#over.delete(meeting);
      else if (this.#over.has(meeting)) this.#meetings.delete(meeting);
      else this.#over.add(meeting);
    }
    const missed = answers ? 0 : (this.#missed.get(server) ?? 0) + 1;
    this.#missed.set(server, missed);
    const online = missed < 2 ? 'online' : 'offline';
    if (online === 'offline') {
      for (const [meeting, there] of this.#meetings) if (there === server) this.#meetings.delete(meeting);
    }
    this.#write(server, `${state === 'cordoned' && load === 0 ? 'disabled' : state} ${online}`);
    return online === 'online';
  }

  /**
   * On which server a meeting is created; undefined if none is to be had. One that it remembers is created
   * where it was, even if that server is disabled by now; only of a cordoned one it takes the memory for
   * outdated (scalelite#1260). Any other goes where the fewest have gone.
   */
  create(meeting: string): string | undefined {
    const known = this.#meetings.get(meeting);
    if (known !== undefined && this.state(known) !== 'cordoned') return known;
    const load = (server: string) => [...this.#meetings.values()].filter((one) => one === server).length;
    const [least] = this.#servers
      .filter((server) => this.#read(server).join(' ') === 'enabled online')
      .sort((one, other) => load(one) - load(other));
    this.#over.delete(meeting);
    if (least !== undefined) this.#meetings.set(meeting, least);
    return least;
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
