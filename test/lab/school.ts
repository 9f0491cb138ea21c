import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Day, type DayCounters } from './day.ts';
import type { LabHost } from './host.ts';
import type { Scalelite } from './scalelite.ts';

/** What happened to classes, which are held or cut, and to people. */
export interface Counters extends DayCounters {
  /** those that the balancer created on a node that didn't take them */
  refused: number;
  /**
   * those of them that it created there although the node gets no new ones: it does that where it remembers
   * the meeting from there, and the server is `disabled` (scalelite#1260)
   */
  remembered: number;
  /** those that it created there for that reason, which were lost to a command that was already under way */
  caught: number;
  /** people who asked to join */
  joined: number;
  /** people who could not join a class that was there, however often they tried */
  lockedOut: number;
  /** people who joined, and got no page of the client */
  withoutPage: number;
}

/**
 * - `plain`: people come, and stay to the end;
 * - `nobody`: it is created, and nobody ever joins;
 * - `returning`: everybody is gone in the middle, and comes back;
 * - `breakouts`: everybody is in breakout rooms in the middle, which don't count as load
 */
const kinds = ['plain', 'plain', 'nobody', 'returning', 'breakouts'] as const;

interface Class {
  readonly id: string;
  readonly node: LabHost;
  people: number;
  inBreakouts: number;
  /** bbb-web was killed since: the class goes on, and the API no longer knows it */
  isForgotten?: boolean;
  /** created on a node that gets no new ones, as the balancer remembers it from there */
  readonly isRemembered: boolean;
}

export interface SchoolOptions {
  /** how long a class lasts; milliseconds */
  readonly lasts: () => number;
  /** asks for the client's page of a node as somebody does who joins; undefined: nobody does */
  readonly page?: (node: LabHost) => Promise<boolean>;
  /** only classes of the kind `plain`, each of which meets once */
  readonly plain?: boolean;
}

/** What Scalelite's poller has as a minute is less here. Milliseconds. */
const poll = 4_000;
/** People try again, and give up after that. */
const patience = 90_000;

/**
 * A school day: twice a second a class is created where the balancer wants it, up to two a node. It holds a
 * connection open through the node's nginx as a client does, and ends some seconds later. Every second
 * somebody joins. The balancer's poller looks at the nodes meanwhile.
 */
export class School extends Day<Counters> {
  readonly #nodes: readonly LabHost[];
  readonly #scalelite: Scalelite;
  readonly #options: SchoolOptions;
  readonly #classes = new Map<string, Class>();
  #begun = 0;

  constructor(
    nodes: readonly LabHost[],
    scalelite: Scalelite,
    options: SchoolOptions | SchoolOptions['lasts'],
  ) {
    super({
      ...{
        held: 0,
        cut: 0,
        refused: 0,
        remembered: 0,
        caught: 0,
        joined: 0,
        lockedOut: 0,
        withoutPage: 0,
        mostOut: 0,
      },
    });
    this.#nodes = nodes;
    this.#scalelite = scalelite;
    this.#options = typeof options === 'function' ? { lasts: options, plain: true } : options;
  }

  override day(): Promise<void> {
    this.begin(this.#polling());
    return super.day();
  }

  protected out(): number {
    return this.#nodes.filter((node) => this.#scalelite.state(nameOf(node)) !== 'enabled').length;
  }

  protected tick(number: number): void {
    if (this.#classes.size < this.#nodes.length * 2) this.begin(this.#class());
    if (number % 2 === 0) this.begin(this.#somebodyJoins());
  }

  /**
   * bbb-web of a node is killed, and started again some seconds later: its API no longer lists the classes
   * that are there, though they go on (bigbluebutton#13155). How many of them have people.
   */
  async killApi(node: LabHost): Promise<number> {
    await node.mustExec('systemctl kill -s KILL bbb-web');
    const there = this.#on(node).filter(({ people }) => people > 0);
    for (const one of this.#on(node)) one.isForgotten = true;
    this.#list(node);
    await sleep(2_000);
    await node.mustExec('systemctl restart bbb-web');
    return there.length;
  }

  async #polling(): Promise<void> {
    while (!this.isOver) {
      await sleep(poll);
      await Promise.all(
        this.#nodes.map(async (node) => {
          const answers = await this.#answers(node);
          const load = this.#listed(node).reduce((sum, { people }) => sum + people, 0);
          const live = this.#listed(node).map(({ id }) => id);
          const isOnline = this.#scalelite.poll(nameOf(node), { load, answers, live });
          // It ends all meetings of a server that is offline.
          if (!isOnline) this.counters.cut += this.#on(node).filter(({ people }) => people > 0).length;
        }),
      );
    }
  }

  async #class(): Promise<void> {
    const number = this.#begun++;
    // The same class meets again, as classes do: the balancer may remember where it was.
    const id = `class-${this.#options.plain ? number : number % (this.#nodes.length * 6)}`;
    if (this.#classes.has(id)) return;
    const kind = this.#options.plain ? 'plain' : (kinds[number % kinds.length] ?? 'plain');
    const name = this.#scalelite.create(id);
    const node = this.#nodes.find((one) => nameOf(one) === name);
    if (node === undefined) {
      this.counters.refused += 1;
      return;
    }
    const isRemembered = this.#scalelite.state(name ?? '') !== 'enabled';
    const one: Class = { id, node, people: 0, inBreakouts: 0, isRemembered };
    this.#classes.set(id, one);
    try {
      this.#list(node);
      if (!(await this.#answers(node))) {
        if (isRemembered) this.counters.remembered += 1;
        else this.counters.refused += 1;
        return;
      }
      await this.#hold(one, kind);
    } finally {
      this.#classes.delete(id);
      this.#list(node);
    }
  }

  async #hold(one: Class, kind: (typeof kinds)[number]): Promise<void> {
    const half = this.#options.lasts() / 2;
    if (kind === 'nobody') {
      await sleep(half);
      return;
    }
    await this.#come(one, 9);
    await sleep(half);
    let isThere = await this.#isThere(one);
    if (kind === 'returning') {
      await this.#leave(one);
      await sleep(poll * 1.5);
      if (await this.#letIn(one)) await this.#come(one, 9);
      else return;
    }
    if (kind === 'breakouts') {
      this.#move(one, 0, 9);
      await sleep(poll * 1.5);
      this.#move(one, 9, 0);
    }
    await sleep(half);
    isThere &&= await this.#isThere(one);
    if (isThere) this.counters.held += 1;
    else this.counters[one.isRemembered ? 'caught' : 'cut'] += 1;
    await this.#leave(one);
  }

  async #somebodyJoins(): Promise<void> {
    const all = [...this.#classes.values()].filter(({ people, inBreakouts }) => people + inBreakouts > 0);
    const one = all[Math.floor(Math.random() * all.length)];
    if (one === undefined) return;
    this.counters.joined += 1;
    if (!(await this.#letIn(one))) return;
    const { page } = this.#options;
    if (page !== undefined && !(await page(one.node))) this.counters.withoutPage += 1;
  }

  /** Whether the balancer lets somebody join; on a server that is disabled nobody can, until it isn't. */
  async #letIn({ id, node }: Class): Promise<boolean> {
    const until = Date.now() + patience;
    while (Date.now() < until) {
      if (this.#scalelite.state(nameOf(node)) !== 'disabled') return true;
      await sleep(1_000);
      // The class has ended meanwhile.
      if (!this.#classes.has(id)) return false;
    }
    this.counters.lockedOut += 1;
    return false;
  }

  async #come(one: Class, people: number): Promise<void> {
    const { node, id } = one;
    this.#move(one, people, 0);
    if (!node.isRunning()) return;
    await node.exec(
      `systemd-run --quiet --collect --unit=${id} curl -skN --http1.1 -o /dev/null -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' https://${nameOf(node)}/graphql`,
    );
  }

  async #leave(one: Class): Promise<void> {
    this.#move(one, 0, 0);
    await one.node.exec(['systemctl', 'stop', `${one.id}.service`]);
  }

  async #isThere({ node, id }: Class): Promise<boolean> {
    return (await node.exec(['systemctl', 'is-active', '--quiet', `${id}.service`])).code === 0;
  }

  #move(one: Class, people: number, inBreakouts: number): void {
    one.people = people;
    one.inBreakouts = inBreakouts;
    this.#list(one.node);
  }

  #on(node: LabHost): readonly Class[] {
    return [...this.#classes.values()].filter((one) => one.node === node);
  }

  #listed(node: LabHost): readonly Class[] {
    return this.#on(node).filter(({ isForgotten }) => !isForgotten);
  }

  /** What getMeetings says of a node. */
  #list(node: LabHost): void {
    const meeting = (id: string, people: number, isBreakout: boolean) =>
      `<meeting><meetingName>Class</meetingName><meetingID>${id}</meetingID><isBreakout>${isBreakout}</isBreakout><running>${people > 0}</running><participantCount>${people}</participantCount></meeting>\n`;
    const text = this.#listed(node)
      .map(({ id, people, inBreakouts }) =>
        [meeting(id, people, false), inBreakouts > 0 ? meeting(`${id}-1`, inBreakouts, true) : ''].join(''),
      )
      .join('');
    writeFileSync(join(node.root, '/var/lib/bbb-standin/meetings.xml'), text);
  }

  async #answers(node: LabHost): Promise<boolean> {
    const api = `https://${nameOf(node)}/bigbluebutton/api`;
    if (!node.isRunning()) return false;
    return (await node.exec(`curl -sk --max-time 10 ${api} | grep -q SUCCESS`)).code === 0;
  }
}

function nameOf(node: LabHost): string {
  return `${node.name}.example.com`;
}
