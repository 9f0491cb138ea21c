import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeDemoPlaybook } from '../../src/demo/cluster.ts';
import { type EmbeddedHost, startEmbeddedHost } from '../../src/demo/embedded-host.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { sha256 } from '../../src/model/change.ts';
import { type HostForecast, noUpgrade } from '../../src/model/forecast.ts';
import { type HostPlan, hasWork } from '../../src/model/plan.ts';
import type { PathState } from '../../src/model/snapshot.ts';
import { applyRun } from '../../src/run/apply-run.ts';
import { forecastRun } from '../../src/run/forecast-run.ts';
import { packageFilesIn } from '../../src/run/package-files.ts';
import { planRun } from '../../src/run/plan-run.ts';
import {
  type BuiltPackage,
  buildPackage,
  emptyDpkg,
  hasDpkg,
  installPackages,
} from '../support/build-package.ts';
import { stageOf } from '../support/host-plan.ts';
import { loadInventory } from '../support/load-inventory.ts';
import { sample } from '../support/sample-cluster.ts';
import { applyOptions, pretendToListen, problems, withoutWaiting } from './cluster.ts';

/**
 * A node that goes from release to release by the real dpkg: before each step the plan is forecast, and after
 * it there has to be that very plan.
 */

const chain = ['2.4', '2.6', '3.0-meteor', '3.0', '3.0.28', '4.0', '4.1'] as const;
type Release = (typeof chain)[number];

let folder: string;
let host: EmbeddedHost;
let inventory: Inventory;
const root = () => join(folder, 'host');
const packagesOf = (release: string) => join(folder, 'packages', release);
const debs = (release: string) =>
  readdirSync(packagesOf(release)).map((name) => join(packagesOf(release), name));

/** What packages bring; all other files are the operator's. */
function isPackaged(path: string): boolean {
  return /^\/(usr|etc\/nginx|etc\/bigbluebutton\/nginx)\/|-release$/.test(path);
}

function filesOf(release: Release): readonly (readonly [string, string | { link: string }])[] {
  const base = sample(release);
  const entries = readdirSync(base, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const real = join(entry.parentPath, entry.name);
      const content = entry.isFile() ? readFileSync(real, 'utf8') : { link: readlinkSync(real) };
      return [real.slice(base.length), content] as const;
    });
}

/** The release in two packages: one with what operators configure, the other with all else of the product. */
function packagesFor(release: Release, index: number): readonly BuiltPackage[] {
  const packaged = filesOf(release).filter(([path]) => isPackaged(path));
  const isConfiguration = ([path, content]: (typeof packaged)[number]) =>
    path.startsWith('/etc/') && !path.endsWith('-release') && typeof content === 'string';
  // Files that are made once, by a script, as they hold secrets.
  const made = filesOf(release).flatMap(([path, content]) =>
    scripted(path) && typeof content === 'string'
      ? [`[ -e "$DPKG_ROOT${path}" ] || cat >"$DPKG_ROOT${path}" <<'END'\n${content.trimEnd()}\nEND`]
      : [],
  );
  const version = `1:${release.replace('-', '~')}-${index}`;
  return [
    {
      ...{ name: 'bbb-config', version, depends: 'bbb-app' },
      files: Object.fromEntries(packaged.filter(isConfiguration)),
      conffiles: packaged.filter(isConfiguration).map(([path]) => path),
    },
    {
      ...{ name: 'bbb-app', version, compression: index % 2 === 0 ? 'gzip' : 'xz' },
      ...(made.length === 0 ? {} : { scripts: { postinst: made.join('\n') } }),
      files: Object.fromEntries(packaged.filter((one) => !isConfiguration(one))),
    },
  ];
}

function put(path: string, text: string | Buffer): void {
  mkdirSync(dirname(join(root(), path)), { recursive: true });
  writeFileSync(join(root(), path), text);
}

/** Every file of the host, but for what its stand-ins for systemd remember. */
function everything(): Readonly<Record<string, string>> {
  const entries = readdirSync(root(), { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries.flatMap((entry) => {
      const name = join(entry.parentPath, entry.name);
      const path = name.slice(root().length);
      if (path.startsWith('/run/')) return [];
      const { mode, mtimeMs } = lstatSync(name);
      const time = entry.isDirectory() ? '' : ` ${mtimeMs}`;
      return [[path, `${mode.toString(8)}${time} ${entry.isFile() ? readFileSync(name, 'latin1') : ''}`]];
    }),
  );
}

async function forecast(
  release: string,
  conffiles: 'keep' | 'replace' = 'keep',
): Promise<{ plan: HostPlan; forecast: HostForecast }> {
  const before = everything();
  const packages = await packageFilesIn(packagesOf(release));
  const source = { kind: 'folder', packages } as const;
  const { plan, forecasts } = await forecastRun({ ...applyOptions(inventory), source, conffiles });
  expect(everything()).toEqual(before);
  const [one] = plan.hosts;
  const told = forecasts.get('bbb-01');
  if (one === undefined || told === undefined)
    throw new Error(`nothing was forecast: ${JSON.stringify(one)}`);
  return { plan: one, forecast: told };
}

/** All releases in one repository, which the host's own apt knows. */
function offerAll(): void {
  const folder = join(root(), '../packages');
  const paragraphs = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.deb'))
    .map((file) => {
      const deb = readFileSync(join(folder, file));
      const control = execFileSync('dpkg-deb', ['--field', join(folder, file)], { encoding: 'utf8' });
      return `${control}Filename: ./${file}\nSize: ${deb.length}\nSHA256: ${sha256(deb)}\n`;
    });
  writeFileSync(join(folder, 'Packages'), paragraphs.join('\n'));
  put('etc/apt/sources.list', `deb [trusted=yes] file:${folder} ./\n`);
  for (const name of ['preferences.d', 'apt.conf.d', 'sources.list.d'])
    mkdirSync(join(root(), 'etc/apt', name), { recursive: true });
  for (const name of ['lib/apt/lists/partial', 'cache/apt/archives/partial'])
    mkdirSync(join(root(), 'var', name), { recursive: true });
  const options = [`Dir=${root()}`, `Dir::State::status=${join(root(), 'var/lib/dpkg/status')}`];
  const args = [...options, 'APT::Sandbox::User=root'].flatMap((option) => ['-o', option]);
  execFileSync('/usr/bin/apt-get', [...args, 'update'], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** The same, where the host fetches the packages. */
async function forecastTo(to: string): Promise<{ plan: HostPlan; forecast: HostForecast }> {
  const before = everything();
  const { plan, forecasts } = await forecastRun({
    ...applyOptions(inventory),
    ...{ source: { kind: 'repositories', to }, conffiles: 'keep' },
  });
  expect(everything()).toEqual(before);
  const [one] = plan.hosts;
  const told = forecasts.get('bbb-01');
  if (one === undefined || told === undefined)
    throw new Error(`nothing was forecast: ${JSON.stringify(one)}`);
  return { plan: one, forecast: told };
}

async function planNow(): Promise<HostPlan> {
  const { plan } = await planRun({ ...applyOptions(inventory), guards: false });
  const [one] = plan.hosts;
  if (one === undefined) throw new Error('there is no host');
  return one;
}

function told(state: PathState): unknown {
  if (state.kind === 'file') return { ...state, content: state.content.toString('latin1') };
  if (state.kind !== 'symlink' || state.resolved === undefined) return state;
  return { ...state, resolved: { ...state.resolved, content: state.resolved.content.toString('latin1') } };
}

const scripted = (path: string) => path.startsWith('/etc/default/');

/** A plan without what an operator is told of its certainty, and without what maintainer scripts write. */
function comparable(plan: HostPlan): unknown {
  return {
    recipe: plan.recipe,
    problem: plan.problem,
    changes: plan.stages.flatMap(({ changes }) =>
      changes
        .filter(({ path }) => !scripted(path))
        .map(({ path, action, before, after, steps }) => ({
          ...{ path, action, steps },
          before: told(before),
          after: told(after),
        })),
    ),
    handlers: plan.stages.flatMap(({ handlers }) => handlers.map(({ handler }) => handler.id)),
  };
}

/** What is at each path that was looked at after the upgrade, before anything is planned. */
function seen({ snapshot }: HostPlan): unknown {
  const { paths = new Map(), globs, units = new Map() } = snapshot ?? {};
  const states: readonly (readonly [string, PathState])[] = [...paths].filter(
    ([path, { kind }]) => !scripted(path) && kind !== 'absent',
  );
  const load = [...units].map(([name, unit]) => `${name} ${unit.load}`).sort();
  return {
    paths: Object.fromEntries(states.map(([path, state]) => [path, told(state)]).sort()),
    ...{ globs, load },
  };
}

async function applyNow(): Promise<void> {
  const options = applyOptions(inventory);
  const result = await applyRun(await planRun(options), options);
  expect(problems(result)).toEqual([]);
}

/** Leaves on the host what a run of the plan would; the first run is a real one, and takes its time. */
function carryOut(plan: HostPlan): void {
  const { changes, ledger } = stageOf(plan);
  for (const { path, after } of changes) {
    const real = join(root(), path);
    if (path.startsWith('unit:')) throw new Error(`${path} is not carried out here`);
    if (after.kind === 'file') {
      put(path, after.content);
      chmodSync(real, after.mode);
    } else if (after.kind === 'directory') mkdirSync(real, { recursive: true });
    else if (after.kind === 'absent') rmSync(real, { recursive: true });
  }
  const state = 'var/lib/clusterproxy/clusters/demo';
  const paths = new Set([...(ledger?.items ?? []).map(({ path }) => path), ...(ledger?.created ?? [])]);
  put(`${state}/ledger.json`, JSON.stringify(ledger));
  put(`${state}/managed-paths`, [...paths].map((path) => `${path}\n`).join(''));
}

describe.skipIf(!hasDpkg || !existsSync('/usr/bin/apt-get'))(
  'a forecast is the plan after the upgrade',
  { timeout: 240_000 },
  () => {
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'clusterproxy-forecast-'));
      emptyDpkg(root());
      for (const [path, text] of filesOf('2.4')) {
        if (!isPackaged(path) && typeof text === 'string') put(path, text);
      }
      put('etc/machine-id', `${'ab'.repeat(16)}\n`);
      put('etc/os-release', 'ID=ubuntu\nPRETTY_NAME="Ubuntu 22.04.5 LTS"\n');
      put('etc/hosts', '192.0.2.2 bbb-01.example.com\n');
      put('etc/ssl/certs/ca-certificates.crt', '# none\n');
      for (const name of ['fullchain.pem', 'privkey.pem'])
        put(`etc/letsencrypt/live/bbb-01.example.com/${name}`, '# placeholder\n');
      put('usr/lib/systemd/system/nginx.service', '[Service]\nExecStart=/usr/sbin/nginx\n');
      for (const path of ['var/tmp', 'etc/systemd/system', 'etc/default'])
        mkdirSync(join(root(), path), { recursive: true });
      pretendToListen(join(root(), 'proc/net'));
      for (const [index, release] of chain.entries())
        for (const one of packagesFor(release, index)) buildPackage(packagesOf(release), one);
      installPackages(root(), debs('2.4'));
      const units = readdirSync(join(root(), 'usr/lib/systemd/system')).filter(
        (name) => name.endsWith('.service') && !name.includes('@'),
      );
      offerAll();
      host = await startEmbeddedHost({ name: 'bbb-01', root: root(), work: join(folder, 'ssh'), units });
      // The real ones, which know of repositories and names with wildcards.
      for (const name of ['apt-get', 'dpkg-query']) rmSync(join(folder, 'ssh/bin', name));
      await writeDemoPlaybook(folder);
      const playbook = join(folder, 'bigbluebutton.yaml');
      writeFileSync(playbook, withoutWaiting(readFileSync(playbook, 'utf8')));
      writeFileSync(
        join(folder, 'one.yaml'),
        `playbook: ./bigbluebutton.yaml
cluster: {name: demo, hostname: bbb-proxy.example.com}
ssh: {user: root, config: none}
hosts:
  proxy: external
  node:
    - name: bbb-01
      hostname: bbb-01.example.com
      ssh:
        address: 127.0.0.1
        port: ${host.port}
        host_keys: ['${host.hostKey}']
        identity_files: [${host.target.identityFiles.join(', ')}]
`,
      );
      inventory = await loadInventory(join(folder, 'one.yaml'));
      await applyNow();
    });
    afterAll(async () => {
      await host?.close();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    });

    it.each(chain.slice(1).map((release, index) => [chain[index] ?? '', release] as const))(
      '%s → %s',
      async (_, release) => {
        const { plan, forecast: changed } = await forecast(release);
        expect(changed.packages.map(({ name, to }) => [name, to.split('-')[0]])).toEqual([
          ['bbb-app', `1:${release.replace('-', '~')}`],
          ['bbb-config', `1:${release.replace('-', '~')}`],
        ]);
        const version = changed.packages[0]?.to ?? '';
        // The version itself, without its epoch, or its beginning, where no other release begins like that.
        const to = { '2.6': '2.6', '3.0.28': '3.0.28-4' }[release as string] ?? version;
        const fetched = await forecastTo(to);
        expect(fetched.forecast).toEqual({ ...changed, leftOut: [], lists: fetched.forecast.lists });
        expect(fetched.forecast.lists?.changed).toBeGreaterThan(0);
        expect(seen(fetched.plan)).toEqual(seen(plan));
        expect(comparable(fetched.plan)).toEqual(comparable(plan));
        installPackages(root(), debs(release));
        const after = await planNow();
        expect(after.problem).toBeUndefined();
        expect(seen(plan)).toEqual(seen(after));
        expect(comparable(plan)).toEqual(comparable(after));
        carryOut(after);
        expect((await planNow()).stages.filter(hasWork)).toEqual([]);
      },
    );

    const diverted = '/usr/share/bigbluebutton/nginx/web.nginx';

    describe("with an operator's own edits", () => {
      const site = '/etc/nginx/sites-available/bigbluebutton';
      const owned = '/usr/share/bigbluebutton/html5-client/private/config/settings.yml';

      /** 4.1 with other texts in what was edited, and with a file that nobody else has. */
      function next(index: number): string {
        const release = `4.1.${index}`;
        for (const one of packagesFor('4.1', 100 + index)) {
          const files = Object.fromEntries(
            Object.entries(one.files ?? {}).map(([path, content]) =>
              [site, diverted, owned].includes(path) ? [path, `${content}\n# ${release}\n`] : [path, content],
            ),
          );
          buildPackage(packagesOf(release), {
            ...one,
            files:
              one.name === 'bbb-app'
                ? { ...files, [`/usr/share/bigbluebutton/nginx/new-${index}.nginx`]: '#\n' }
                : files,
          });
        }
        return release;
      }

      it.each([
        ['keep', 'old', 1],
        ['replace', 'new', 2],
      ] as const)('%s', async (answer, conffiles, index) => {
        const run = (program: string, ...args: readonly string[]) =>
          execFileSync(program, [`--admindir=${join(root(), 'var/lib/dpkg')}`, ...args], { stdio: 'ignore' });
        if (index === 1) {
          run('dpkg-divert', `--instdir=${root()}`, '--local', '--rename', '--add', diverted);
          run(
            'dpkg-statoverride',
            `--instdir=${root()}`,
            '--force-all',
            '--add',
            'daemon',
            'nogroup',
            '0640',
            owned,
          );
          put(diverted, '# ours\n');
          put(site, `${readFileSync(join(root(), site), 'utf8')}# ours\n`);
        }
        const release = next(index);
        const { plan, forecast: changed } = await forecast(release, answer);
        expect(changed.conffiles).toEqual([{ path: site, package: 'bbb-config', decision: 'asked', answer }]);
        installPackages(root(), debs(release), conffiles);
        const after = await planNow();
        const known = seen(after) as {
          readonly paths: Readonly<Record<string, { readonly content?: string }>>;
        };
        expect(seen(plan)).toEqual(known);
        expect(comparable(plan)).toEqual(comparable(after));
        expect(readFileSync(join(root(), site), 'utf8').endsWith('# ours\n')).toBe(answer === 'keep');
        expect(known.paths[diverted]).toMatchObject({ content: '# ours\n' });
        expect(known.paths[owned]).toMatchObject({ user: 'daemon', group: 'nogroup', mode: 0o640 });
      });
    });

    it('is the same where the shell is bash', async () => {
      const bash = await startEmbeddedHost({
        ...{ name: 'bbb-01', root: root(), work: join(folder, 'bash'), shell: ['bash'] },
      });
      try {
        const [node] = inventory.hosts;
        if (node === undefined) throw new Error('there is no host');
        const ssh = { ...node.ssh, address: '127.0.0.1', port: bash.port, hostKeys: [bash.hostKey] };
        const there = {
          ...inventory,
          hosts: [{ ...node, ssh: { ...ssh, identityFiles: bash.target.identityFiles } }],
        };
        buildPackage(packagesOf('bash'), { name: 'bbb-app', version: '8:1', files: { [diverted]: '# 8\n' } });
        offerAll();
        for (const name of ['apt-get', 'dpkg-query']) rmSync(join(folder, 'bash/bin', name));
        const packages = await packageFilesIn(packagesOf('bash'));
        for (const source of [
          { kind: 'folder', packages },
          { kind: 'repositories', to: '8:1' },
        ] as const) {
          const [sh, other] = [inventory, there].map(async (of) =>
            forecastRun({ ...applyOptions(of), source, conffiles: 'keep' }),
          );
          const [expected, found] = [await sh, await other];
          const told = ({ lists: _, ...rest } = noUpgrade) => rest;
          expect(found?.forecasts.get('bbb-01')?.removed.length).toBeGreaterThan(0);
          expect(told(found?.forecasts.get('bbb-01'))).toEqual(told(expected?.forecasts.get('bbb-01')));
        }
      } finally {
        await bash.close();
      }
    });

    it('is refused for a package that was cut off, and nothing is left on the host', async () => {
      const before = everything();
      const [whole] = [
        buildPackage(join(folder, 'whole'), {
          name: 'bbb-app',
          version: '9:1',
          files: { '/usr/x': 'x'.repeat(9_000) },
        }),
      ];
      mkdirSync(packagesOf('cut'));
      const bytes = readFileSync(whole);
      writeFileSync(join(packagesOf('cut'), 'cut.deb'), bytes.subarray(0, bytes.length - 40));
      const packages = await packageFilesIn(packagesOf('cut'));
      const { plan, forecasts } = await forecastRun({
        ...applyOptions(inventory),
        source: { kind: 'folder', packages },
        conffiles: 'keep',
      });
      expect(plan.hosts.map(({ problem, unreachable }) => [problem?.code, unreachable])).toEqual([
        ['package-unreadable', false],
      ]);
      expect(forecasts.size).toBe(0);
      expect(everything()).toEqual(before);
    });
  },
);
