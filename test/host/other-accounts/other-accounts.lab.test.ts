import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { carryOut } from '../../../src/host/carry-out.ts';
import { probe } from '../../../src/host/probe.ts';
import type { Change } from '../../../src/model/change.ts';
import type { Handler } from '../../../src/model/handler.ts';
import { noReads, type PathState, type Reads, type Snapshot } from '../../../src/model/snapshot.ts';
import { connect } from '../../../src/ssh/connect.ts';
import { targetOf } from '../../faults/attempt.ts';
import { labAvailable } from '../../lab/available.ts';
import type { LabHost } from '../../lab/host.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { change, transaction } from '../sample.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`Real hosts are skipped: ${availability.reason}`);

const folder = '/srv/app/conf';
const secret = "root's own secret";
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

/** Every kind of change: a file and the mode of a directory, one that comes, one that goes, and a link. */
const changes = (folderOf: readonly string[] | undefined): readonly Change[] =>
  [
    change(`${folder}/sub`, directory(0o755), directory(0o750)),
    change(`${folder}/app.conf`, file('old\n'), file('new\n', 0o600)),
    change(`${folder}/new.conf`, absent, file('made\n', 0o640)),
    change(`${folder}/link`, { kind: 'symlink', target: 'app.conf' }, { kind: 'symlink', target: 'new.conf' }),
    change(`${folder}/old.conf`, file('gone\n'), absent),
  ].map((one) => ({ ...one, folderOf }));

const setUp = `
rm -rf /srv/app ${victim}
mkdir -p ${folder}/sub ${victim}/sub
cd ${folder}
echo old >app.conf; echo gone >old.conf; ln -s app.conf link
chown -R -h app:app /srv/app
cd ${victim}
for name in app.conf old.conf new.conf link; do echo "${secret}" >$name; chmod 0600 $name; done
chmod 0700 sub
`;

/** What the account does in its folder, and how it takes it back. */
const attacks: Readonly<Record<string, { readonly attack: string; readonly undo?: string }>> = {
  'our temporary names become links to files of root': {
    attack: `cd ${folder} && for name in .cp-*; do
      [ -e "$name" ] || [ -L "$name" ] || continue
      mv -T "$name" "/srv/app/aside$name"
      if [ -d "/srv/app/aside$name" ]; then ln -s ${victim} "$name"; else ln -s ${victim}/app.conf "$name"; fi
    done
    for name in .cp-*; do
      [ -d "$name" ] && [ ! -L "$name" ] && mv -T "$name" "moved$name" && ln -s ${victim} "$name"
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
    attack: `cd ${folder} && for name in sub app.conf new.conf old.conf link; do
      mv -T $name ../aside-$name; ln -s ${victim}/$name $name
    done`,
  },
  'what is managed becomes links to what root has for a moment': {
    attack: `cd ${folder} && for name in sub app.conf new.conf old.conf link; do
      mv -T $name ../aside-$name; ln -s ${victim}/$name $name
    done`,
    undo: `cd ${folder} && for name in sub app.conf new.conf old.conf link; do
      rm $name; mv -T ../aside-$name $name
    done`,
  },
};

const refusing: Handler = {
  id: 'refusing',
  validate: ['false'],
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
          await host.mustExec('useradd --system --user-group app && mkdir /lab-moments && chmod 1777 /lab-moments');
          const programs = 'cat chmod chown cp dd find head ln ls mkdir mv readlink rm rmdir sha256sum stat sync tar';
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

  const plan = (host: LabHost, all: readonly Change[], handlers: readonly Handler[] = []) =>
    transaction(all, handlers, {
      host: host.name,
      machineId: readFileSync(`${host.root}/etc/machine-id`, 'utf8').trim(),
      units: [],
      run: `20261121T${String(++number).padStart(6, '0')}Z-1ab1ab`,
      keep: 3,
    });
  const carry = (host: LabHost, ...what: [readonly Change[], (readonly Handler[])?]) =>
    carryOut(() => connect(targetOf(lab, host)), plan(host, ...what));

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
  const calls = async (host: LabHost) => Number(await host.mustExec('/usr/bin/cat /lab-moments/count'));

  async function arm(host: LabHost, nth: number, { attack, undo = '' }: { attack: string; undo?: string }) {
    await host.mustExec(`rm -f /lab-moments/nth /lab-moments/calls; ${setUp}`);
    await host.writeFile('/lab-moments/attack', attack);
    await host.writeFile('/lab-moments/undo', undo);
    await host.mustExec(`echo 0 >/lab-moments/count; echo ${nth} >/lab-moments/nth; chmod 666 /lab-moments/*`);
  }

  test.each(Object.entries(attacks))(
    '%s, at every moment of a run that is put back',
    async (_, attack) => {
      const wrong: string[] = [];
      let next = 1;
      let reached = true;
      const work = async (host: LabHost) => {
        while (reached) {
          const nth = next++;
          await arm(host, nth, attack);
          const before = await rootsFiles(host);
          const result = await carry(host, changes(['app']), [refusing]);
          console.log(nth, result.state, result.problem?.message, result.problem?.detail);
          if ((await calls(host)) < nth) reached = false;
          if ((await rootsFiles(host)) !== before) wrong.push(`${nth}: files of root were changed (${result.state})`);
          const found = await host.exec(`grep -rlF "${secret}" /var/lib/clusterproxy /srv/app --exclude-dir=none`);
          const read = found.stdout.split('\n').filter((path) => path !== '' && !path.startsWith(victim));
          if (read.length > 0) wrong.push(`${nth}: root's secret stands in ${read.join(', ')}`);
          if (!['refused', 'reverted', 'conflict'].includes(result.state)) {
            wrong.push(`${nth}: ${result.state} ${result.problem?.message}`);
          }
        }
      };
      await Promise.all(names.map((name) => work(lab.host(name))));
      console.log(`${next} moments`, await lab.host('lab-01').mustExec('cat /lab-moments/calls'));
      expect(wrong).toEqual([]);
    },
    600_000,
  );
});
