import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from './host.ts';
import type { Scalelite } from './scalelite.ts';

const meeting =
  '<meeting><meetingName>Class</meetingName><meetingID>c</meetingID><running>true</running><participantCount>9</participantCount></meeting>\n';

/** What happened to classes; counters, not impressions. */
export interface Counters {
  /** those that came to their own end */
  held: number;
  /** those whose connection was lost before */
  cut: number;
  /** those that the balancer sent to a node that didn't take them */
  refused: number;
  /** the most nodes that got no new classes at the same time */
  mostOut: number;
}

/**
 * A school day: again and again a class begins on a node that the balancer has enabled, holds a connection
 * open through the node's nginx as a client does, and ends some seconds later. The balancer's poller looks at
 * the nodes meanwhile.
 */
export class School {
  readonly counters: Counters = { held: 0, cut: 0, refused: 0, mostOut: 0 };
  readonly #nodes: readonly LabHost[];
  readonly #scalelite: Scalelite;
  /** how long a class lasts; milliseconds */
  readonly #lasts: () => number;
  readonly #classes = new Map<LabHost, Promise<void>>();
  #isOver = false;

  constructor(nodes: readonly LabHost[], scalelite: Scalelite, lasts: () => number) {
    this.#nodes = nodes;
    this.#scalelite = scalelite;
    this.#lasts = lasts;
  }

  /** The day, until it is over and the last class has ended. */
  async day(): Promise<void> {
    while (!this.#isOver) {
      for (const node of this.#nodes) this.#scalelite.poll(nameOf(node), this.#classes.has(node) ? 1 : 0);
      const open = this.#nodes.filter((node) => this.#scalelite.state(nameOf(node)) === 'enabled');
      this.counters.mostOut = Math.max(this.counters.mostOut, this.#nodes.length - open.length);
      for (const node of open) {
        if (this.#classes.has(node)) continue;
        const held = this.#hold(node).finally(() => this.#classes.delete(node));
        this.#classes.set(node, held);
      }
      await sleep(500);
    }
    await Promise.all(this.#classes.values());
  }

  end(): void {
    this.#isOver = true;
  }

  async #hold(node: LabHost): Promise<void> {
    const list = join(node.root, '/var/lib/bbb-standin/meetings.xml');
    writeFileSync(list, meeting);
    const api = await node.exec(
      `curl -sk --max-time 10 https://${nameOf(node)}/bigbluebutton/api | grep -q SUCCESS`,
    );
    if (api.code !== 0) {
      this.counters.refused += 1;
      rmSync(list, { force: true });
      return;
    }
    await node.mustExec(
      `systemd-run --quiet --collect --unit=class curl -skN --http1.1 -o /dev/null -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' https://${nameOf(node)}/graphql`,
    );
    await sleep(this.#lasts());
    const there = await node.exec(['systemctl', 'is-active', '--quiet', 'class.service']);
    if (there.code === 0) this.counters.held += 1;
    else this.counters.cut += 1;
    rmSync(list, { force: true });
    await node.exec(['systemctl', 'stop', 'class.service']);
  }
}

function nameOf(node: LabHost): string {
  return `${node.name}.example.com`;
}
