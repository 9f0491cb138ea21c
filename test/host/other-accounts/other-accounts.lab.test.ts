import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probe } from '../../../src/host/probe.ts';
import { transact } from '../../../src/host/transact.ts';
import { type HostAction, providesNothing } from '../../../src/model/action.ts';
import { type Change, sha256 } from '../../../src/model/change.ts';
import type { Handler } from '../../../src/model/handler.ts';
import { noReads, type Reads } from '../../../src/model/reads.ts';
import type { PathState, Snapshot } from '../../../src/model/snapshot.ts';
import type { Transaction } from '../../../src/model/transaction.ts';
import { connect } from '../../../src/ssh/ssh2/connect.ts';
import { targetOf } from '../../faults/attempt.ts';
import { labAvailable } from '../../lab/available.ts';
import type { LabHost } from '../../lab/host.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { allFaults, seed } from '../../support/random.ts';
import { change, transaction } from '../sample.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`Real hosts are skipped: ${availability.reason}`);

/**
 * Of how many moments of a run one is tried by each attack: others with another seed, and all of them in
 * `npm run test:faults` and `test:long`.
 */
const stride = allFaults ? 1 : 36;

const folder = '/srv/app/conf';
const secret = "root's own secret";
/** As long as that: the probe would notice another length. */
const plain = 'what app has here';
/** What root has elsewhere, under the very names that are managed in the folder of the account. */
const victim = '/etc/lab-victim';

const absent: PathState = { kind: 'absent' };
const owner = { user: 'app', group: 'app' };
const file = (content: string, mode = 0o644): PathState => ({
  kind: 'file',
  content: Buffer.from(content),
  mode,
  ...owner,
});
const directory = (mode: number): PathState => ({ kind: 'directory', mode, ...owner });

/**
 * Every kind of change: a file and its mode, those of a directory, a file that comes, one that goes, and a
 * link.
 */
const changes = (folderOf: readonly string[] = ['app']): readonly Change[] =>
  [
    change(`${folder}/sub`, directory(0o755), directory(0o750)),
    change(`${folder}/app.conf`, file(`${plain}\n`), file('new\n', 0o600)),
    change(`${folder}/new.conf`, absent, file('made\n', 0o640)),
    change(
      `${folder}/link`,
      { kind: 'symlink', target: 'app.conf' },
      { kind: 'symlink', target: 'new.conf' },
    ),
    change(`${folder}/old.conf`, file(`${plain}\n`), absent),
  ].map((one) => ({ ...one, folderOf }));

const setUp = `
rm -rf /srv/app ${victim} /opt/lab /opt/.cp-*
mkdir -p ${folder}/sub ${victim}/sub
cd ${folder}
echo "${plain}" | tee app.conf >old.conf; ln -s app.conf link
chown -R -h app:app /srv/app
cd ${victim}
for name in app.conf old.conf new.conf link; do echo "${secret}" >$name; chmod 0600 $name; done
chmod 0700 sub
`;
const asSetUp = `/usr/bin/find ${folder} -printf '%P %y %m %u %l\\n' | sort; cat ${folder}/app.conf ${folder}/old.conf`;

interface Attack {
  /** what the account does, as a program of sh(1) */
  readonly attack: string;
  /** how it takes it back behind the next call */
  readonly undo?: string;
}

const managed = 'sub app.conf new.conf old.conf link';
const attacks: Readonly<Record<string, Attack>> = {
  'our temporary names become links to what root has': {
    attack: `cd ${folder} && for name in .cp-*; do
      [ -e "$name" ] || [ -L "$name" ] || continue
      to=${victim}/app.conf
      [ ! -d "$name" ] || to=${victim}
      mv -T "$name" "/srv/app/aside$name" || mv -T "$name" "aside$name"
      ln -s "$to" "$name"
    done`,
  },
  'the folder becomes a link to one of root': {
    attack: `cd /srv/app && mv -T conf aside && ln -s ${victim} conf`,
  },
  'the folder becomes a link to one of root for a moment': {
    attack: `cd /srv/app && mv -T conf aside && ln -s ${victim} conf`,
    undo: 'cd /srv/app && rm conf && mv -T aside conf',
  },
  'what is managed becomes links to what root has': {
    attack: `cd ${folder} && for name in ${managed}; do mv -T $name ../aside-$name; ln -s ${victim}/$name $name; done`,
  },
  'what is managed becomes links to what root has for a moment': {
    attack: `cd ${folder} && for name in ${managed}; do mv -T $name ../aside-$name; ln -s ${victim}/$name $name; done`,
    undo: `cd ${folder} && for name in ${managed}; do rm $name; mv -T ../aside-$name $name; done`,
  },
};

const handler: Handler = {
  id: 'handler',
  validate: undefined,
  actions: [],
  checks: [],
  guards: [],
  timeout: 20,
  settle: 0,
  rewrites: [],
};

describe.skipIf(!availability.available)('a folder of another account', () => {
  let lab: Lab;
  const names = ['lab-01', 'lab-02'];
  let number = 0;

  beforeAll(async () => {
    const moments = readFileSync(new URL('./moments.sh', import.meta.url));
    lab = await startLab(
      names.map((name) => ({
        name,
        prepare: async (host) => {
          await host.mustExec(
            'useradd --system --user-group app; mkdir /lab-moments; chmod 1777 /lab-moments',
          );
          const programs =
            'cat chmod chown cp dd find head ln ls mkdir mv readlink rm rmdir sha256sum stat sync tar';
          for (const program of programs.split(' ')) {
            await host.writeFile(`/usr/local/sbin/${program}`, moments, 0o755);
          }
        },
      })),
    );
  });
  afterAll(async () => {
    await lab?.destroy();
  });

  const carry = (host: LabHost, all: readonly Change[], more: Partial<Transaction> = {}) =>
    transact(
      () => connect(targetOf(lab, host)),
      transaction(all, more.handlers ?? [], {
        host: host.name,
        machineId: readFileSync(`${host.root}/etc/machine-id`, 'utf8').trim(),
        units: [],
        run: `20261121T${String(++number).padStart(6, '0')}Z-1ab1ab`,
        keep: 3,
        ...more,
      }),
    );

  async function look(host: LabHost, reads: Partial<Reads>): Promise<Snapshot> {
    const connection = await connect(targetOf(lab, host));
    try {
      return await probe(connection, host.name, { ...noReads, ...reads });
    } finally {
      await connection.close();
    }
  }

  /** Everything that root has there, to the last bit of its mode, and when it last became what it is. */
  const rootsFiles = (host: LabHost) =>
    host.mustExec(
      `/usr/bin/find ${victim} -printf '%p %y %#m %u %g %n %i %T@ %C@\\n' | sort; /usr/bin/sha256sum ${victim}/*.conf`,
    );
  const readOut = async (host: LabHost) => {
    const { stdout } = await host.exec(['grep', '-rlF', secret, '/var/lib/clusterproxy', '/srv/app', '/opt']);
    return stdout.trim();
  };

  /**
   * From now on the account does that right after the call of that number, of those that are about it;
   * everything is as at the beginning.
   */
  async function arm(host: LabHost, nth: number, { attack, undo = '', about }: Attack & { about: string }) {
    await host.mustExec(`rm -rf /lab-moments/*; ${setUp}`);
    await host.writeFile('/lab-moments/attack', attack);
    await host.writeFile('/lab-moments/undo', undo);
    await host.mustExec(
      `cd /lab-moments; echo 0 >count; echo ${nth} >nth; true >lock; echo "${about}" >about; chmod 666 *`,
    );
  }
  const disarm = (host: LabHost) => host.mustExec(`rm -rf /lab-moments/*; ${setUp}`);

  /** Calls `attempt` for moments from the first to the last that there is, on all hosts at once. */
  async function atMoments(
    { from, step }: { from: number; step: number },
    attack: Attack & { about: string },
    attempt: (host: LabHost) => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const wrong: string[] = [];
    let next = from;
    let reached = true;
    await Promise.all(
      names.map(async (name) => {
        const host = lab.host(name);
        while (reached) {
          const nth = next;
          next += step;
          await arm(host, nth, attack);
          const before = await rootsFiles(host);
          const faults = [...(await attempt(host))];
          if (Number(await host.mustExec('/usr/bin/cat /lab-moments/count')) < nth) reached = false;
          if ((await rootsFiles(host)) !== before) faults.push('what root has was changed');
          const found = await readOut(host);
          if (found !== '') faults.push(`what root has stands in ${found}`);
          wrong.push(...faults.map((fault) => `moment ${nth}: ${fault}`));
        }
      }),
    );
    expect(next, 'no moment was reached').toBeGreaterThan(from + 2 * step);
    return wrong;
  }

  test('is refused as long as no step names the account, and nothing is touched', async () => {
    const host = lab.host('lab-01');
    await disarm(host);
    const before = await host.mustExec(asSetUp);
    for (const folderOf of [[], ['ops'], [':app']]) {
      const result = await carry(host, changes(folderOf));
      expect(result).toMatchObject({ state: 'refused', problem: { code: 'folder-not-roots' } });
    }
    await host.mustExec(`chmod o+w ${folder}`);
    const { state, problem } = await carry(host, changes(['app']));
    expect({ state, code: problem?.code }).toEqual({ state: 'refused', code: 'folder-not-roots' });
    await host.mustExec(`chmod o-w ${folder}`);
    expect(await host.mustExec(asSetUp)).toBe(before);
  });

  test('is told by the probe, with who may give names there', async () => {
    const { exposed } = await look(lab.host('lab-01'), {
      paths: [`${folder}/app.conf`, '/etc/hosts', '/tmp/x'],
    });
    const mine = { mode: 0o755, ...owner, by: ['owner'], link: false };
    expect(exposed?.get(folder)).toEqual([
      { path: folder, ...mine },
      { path: '/srv/app', ...mine },
    ]);
    expect(exposed?.get('/etc')).toBeUndefined();
    expect(exposed?.get('/tmp')).toMatchObject([{ by: ['others'] }]);
  });

  test('is changed and put back where the step names it, and nothing is left there', async () => {
    const host = lab.host('lab-01');
    await disarm(host);
    const before = await host.mustExec(asSetUp);
    const refusing = { ...handler, validate: ['false'] };
    expect(await carry(host, changes(), { handlers: [refusing] })).toMatchObject({ state: 'reverted' });
    expect(await host.mustExec(asSetUp)).toBe(before);
    expect(await carry(host, changes())).toMatchObject({ state: 'committed', warnings: [] });
    expect(
      await host.mustExec(`cd ${folder}; find . -printf '%P %y %m %u %l\\n' | sort; cat app.conf new.conf`),
    ).toBe(
      ' d 755 app \napp.conf f 600 app \nlink l 777 app new.conf\nnew.conf f 640 app \nsub d 750 app \nnew\nmade\n'.replace(
        'link l 777 app',
        'link l 777 root',
      ),
    );
  });

  test.each(Object.entries(attacks).map(([words, attack], index) => [words, attack, index] as const))(
    '%s, in the middle of a run that is put back',
    async (_, attack, index) => {
      const wrong = await atMoments(
        { from: 1 + ((seed + 5 * index) % stride), step: stride },
        { ...attack, about: '/srv/app/' },
        async (host) => {
          const refusing = { ...handler, validate: ['false'] };
          const { state, problem } = await carry(host, changes(), { handlers: [refusing] });
          return ['refused', 'reverted', 'conflict'].includes(state) ? [] : [`${state}: ${problem?.message}`];
        },
      );
      expect(wrong).toEqual([]);
    },
    900_000,
  );

  test('is a link to one of root while the way to it is looked for', async () => {
    const wrong = await atMoments(
      { from: 1, step: 1 },
      { attack: 'true', undo: 'cd /srv/app && rm conf && mv -T aside conf', about: '/srv/app/' },
      async (host) => {
        await host.mustExec(`cd /srv/app && mv -T conf aside && ln -s ${victim} conf`);
        const { state, problem } = await carry(host, changes());
        return state === 'refused' ? [] : [`${state}: ${problem?.message}`];
      },
    );
    expect(wrong).toEqual([]);
  }, 300_000);

  test.each(Object.entries(attacks).slice(1))(
    '%s, while a probe looks: it reads nothing of root',
    async (_, attack) => {
      const wrong = await atMoments({ from: 1, step: 1 }, { ...attack, about: '/srv/app/' }, async (host) => {
        const paths = managed.split(' ').map((name) => `${folder}/${name}`);
        const answer = await look(host, { paths }).catch((error: Error) => error);
        const texts = answer instanceof Error ? [answer.message] : [...answer.paths.values()].map(textsOf);
        return texts.flat().some((text) => text.includes(secret)) ? ["it has root's secret"] : [];
      });
      expect(wrong).toEqual([]);
    },
    300_000,
  );

  test('links and second names that are there when a probe looks are not followed to what root has', async () => {
    const host = lab.host('lab-01');
    await disarm(host);
    await host.mustExec(
      `cd ${folder} && rm app.conf && ln -s ${victim}/app.conf app.conf && ln -f ${victim}/old.conf old.conf && ln -s ${victim} ../other && ln -s ${folder}/app.conf /etc/lab-link`,
    );
    const paths = [`${folder}/app.conf`, `${folder}/old.conf`, '/srv/app/other/new.conf', '/etc/lab-link'];
    const found = await look(host, { paths });
    await host.mustExec('rm /etc/lab-link');
    expect(paths.map((path) => found.paths.get(path))).toEqual([
      { kind: 'symlink', target: `${victim}/app.conf` },
      { kind: 'unreadable', reason: expect.stringMatching(/hard link/) },
      { kind: 'unreadable', reason: expect.stringMatching(/by a link/) },
      { kind: 'symlink', target: `${folder}/app.conf` },
    ]);
    const second = await carry(host, [
      {
        ...change(
          `${folder}/old.conf`,
          { kind: 'file', content: Buffer.from(`${secret}\n`), mode: 0o600, user: 'root', group: 'root' },
          file('x'),
        ),
        folderOf: ['app'],
      },
    ]);
    expect(second).toMatchObject({ state: 'refused', problem: { code: 'folder-not-roots' } });
    expect(await readOut(host)).toBe(`${folder}/old.conf`);
  });

  test('is a link to one of root when the host starts again in the middle of a run', async () => {
    const host = lab.host('lab-02');
    await disarm(host);
    const before = await rootsFiles(host);
    const hanging = {
      ...handler,
      actions: [{ kind: 'command', argv: ['sh', '-c', 'true >/lab-moments/hangs; sleep 100'] }],
    };
    const result = carry(host, changes(), { handlers: [{ ...hanging, timeout: 100 } as Handler] });
    await host.mustExec('until [ -e /lab-moments/hangs ]; do sleep 0.1; done');
    await host.powerOff();
    await host.mustExec(`cd /srv/app && mv -T conf aside && ln -s ${victim} conf`);
    await host.boot();
    expect(await result).toMatchObject({ state: 'conflict' });
    expect(await rootsFiles(host)).toBe(before);
    expect(await readOut(host)).toBe('');
  });

  describe('and an archive', () => {
    const unpacking = async (host: LabHost, place: string): Promise<HostAction> => {
      await host.mustExec(
        'cd /root && mkdir -p tree/deep && echo page >tree/deep/page && tar -cf tree.tar tree',
      );
      return {
        name: `unpack ${place}`,
        run: {
          kind: 'unpack',
          source: { kind: 'host', path: '/root/tree.tar' },
          sha256: sha256(await host.readFile('/root/tree.tar')),
          directory: place,
          strip: 1,
          ...owner,
          marker: `${place}/.clusterproxy-archive`,
          mark: 'the mark',
        },
        unless: undefined,
        provides: providesNothing,
        timeout: 60,
        notes: [],
      };
    };

    test('is not unpacked there', async () => {
      const host = lab.host('lab-01');
      await disarm(host);
      const result = await carry(host, [], { actions: [await unpacking(host, '/srv/app/tree')] });
      expect(result).toMatchObject({
        state: 'refused',
        problem: { message: expect.stringMatching(/other accounts than root/) },
      });
      expect(await host.mustExec('ls -A /srv/app')).toBe('conf\n');
    });

    test('that is to be the account’s can’t lead root to other files while it is unpacked elsewhere', async () => {
      const attack = `cd /opt/.cp-archive-lab.new && {
        rm -f .clusterproxy-archive; ln -s ${victim}/app.conf .clusterproxy-archive
        mv deep aside; ln -s ${victim} deep
      }`;
      const wrong = await atMoments({ from: 1, step: 1 }, { attack, about: '/opt/' }, async (host) => {
        const { state, problem } = await carry(host, [], { actions: [await unpacking(host, '/opt/lab')] });
        return ['committed', 'refused'].includes(state) ? [] : [`${state}: ${problem?.message}`];
      });
      expect(wrong).toEqual([]);
    }, 300_000);
  });

  test('or a link in place of /var/lib/clusterproxy is not used for anything', async () => {
    const host = lab.host('lab-01');
    await disarm(host);
    await host.mustExec(`mv /var/lib/clusterproxy /var/lib/aside; ln -s ${victim} /var/lib/clusterproxy`);
    const before = await rootsFiles(host);
    expect(await look(host, {})).toMatchObject({ foreignState: true, ledger: undefined, remembers: false });
    const refused = { state: 'refused', problem: { code: 'folder-not-roots' } };
    expect(await carry(host, changes())).toMatchObject(refused);
    await host.mustExec(
      'rm /var/lib/clusterproxy; mkdir /var/lib/clusterproxy; chown app: /var/lib/clusterproxy',
    );
    expect(await look(host, {})).toMatchObject({ foreignState: true });
    expect(await carry(host, changes())).toMatchObject(refused);
    expect(await rootsFiles(host)).toBe(before);
    await host.mustExec('rmdir /var/lib/clusterproxy; mv /var/lib/aside /var/lib/clusterproxy');
  });
});

function textsOf(state: PathState): readonly string[] {
  if (state.kind === 'file') return [state.content.toString()];
  return state.kind === 'symlink' && state.resolved ? [state.resolved.content.toString()] : [];
}
