import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../lab/fetch.ts';
import { statuses } from '../cluster.ts';
import { OpenSocket } from '../door/socket.ts';
import type { ProxySoftware } from '../door/software.ts';
import { noLab, useLab } from '../lab.ts';
import type { Manifest } from '../manifest.ts';
import { Audience } from './audience.ts';
import { type Pair, startPair } from './pair.ts';

/** What of a pair depends on the proxies' software, and on the kind of the address. */
export function tellPair(software: ProxySoftware, { alsoIpv4 }: { readonly alsoIpv4: boolean }): void {
  describe.skipIf(noLab)(`a pair with ${software.name}`, () => {
    const lab = useLab();
    let pair: Pair;
    let fresh: ReadonlyMap<string, Manifest>;

    async function changes(command: string, ...args: readonly string[]) {
      const { code, document, stderr } = await pair.cluster.json(command, ...args, '--yes');
      expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
      expect(code, stderr).toBe(0);
      return document;
    }

    /** Sets it up; one has the address then, verify says so, and nothing more is to be done. */
    async function isSetUp() {
      await changes('apply');
      await pair.holder();
      const { document } = await pair.cluster.json('verify');
      const asked = (document.checks ?? []).filter(
        ({ id, outcome }) =>
          ['virtual-address', 'same-relays', 'same-haproxy-relays'].includes(id) &&
          outcome !== 'not-applicable',
      );
      expect(asked.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
      expect(asked).toHaveLength(4);
      expect(new Set(Object.values(statuses(await changes('apply'))))).toEqual(new Set(['in-sync']));
    }

    beforeAll(async () => {
      pair = await startPair(lab(), { name: `door-${software.name}`, nodes: ['3.0'], software });
      fresh = pair.cluster.manifests();
    });

    it.runIf(alsoIpv4)('is set up from nothing, with an address of IPv4', isSetUp);

    it('has an address of IPv6', async () => {
      await pair.moveToIpv6();
      await isSetUp();
      const before = await pair.holder();
      const audience = new Audience(pair.door, pair.page());
      await before.mustExec(['systemctl', 'stop', software.unit]);
      const now = await eventually(async () => {
        const host = await pair.holder();
        expect(host.name).toBe(pair.other(before).name);
        return host;
      });
      expect((await audience.end()).failed).toEqual([]);
      await before.mustExec(['systemctl', 'start', software.unit]);
      // The others of the role are changed first, so that the address moves once at most.
      pair.cluster.inventory.vars.redirect_http = false;
      await pair.cluster.save();
      const { rollout = [] } = (await pair.cluster.json('plan')).document;
      expect(rollout.find(({ role }) => role === 'proxy')?.hosts).toEqual([before.name, now.name]);
    });

    it('is handed over for a reboot', async () => {
      const before = await pair.holder();
      const connected = await OpenSocket.open(pair.door, pair.socket());
      const document = await changes('reboot', before.name);
      const warnings = document.hosts.flatMap((host) => host.warnings);
      expect(warnings.filter((words) => words.includes("keeps the cluster's address"))).toEqual([]);
      connected.close();
      expect((await pair.holder()).name).toBe(pair.other(before).name);
      expect((await before.exec('ls /run/clusterproxy-away')).stdout).toBe('');
    });

    it('goes on without the one that leaves, which gets its files back', async () => {
      delete pair.cluster.inventory.vars.redirect_http;
      await pair.cluster.save();
      const leaving = await pair.holder();
      await changes('retire', leaving.name);
      expect((await pair.holder()).name).toBe(pair.other(leaving).name);
      const differing = pair.cluster
        .changedSince(fresh)
        .filter((path) => path.startsWith(`${leaving.name}:`));
      expect(differing).toEqual([]);
    });
  });
}
