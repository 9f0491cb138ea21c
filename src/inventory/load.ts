import { dirname } from 'node:path';
import { valueAt } from '../document/found-value.ts';
import { kindOfFile } from '../document/kind-of-file.ts';
import { inOrder } from '../document/problem-order.ts';
import { schemaProblems } from '../document/schema-problems.ts';
import { readSourceFile, type SourceFile } from '../document/source-file.ts';
import { YamlDocument } from '../document/yaml-document.ts';
import type { Value } from '../formats/keyed-format.ts';
import { secondsOf } from '../model/duration.ts';
import { OperatorErrors, type Problem, problemsOf } from '../model/operator-error.ts';
import { parseMaxUnavailable } from '../model/rollout.ts';
import { SecretRegister } from '../secrets/register.ts';
import type { SshSettings } from '../ssh/settings.ts';
import type { LoadedPlaybook } from '../steps/loaded-playbook.ts';
import { readAccepted, withoutHosts } from './accepted-file.ts';
import { checkInventory } from './check.ts';
import { sshFileProblems, sshPath } from './check-ssh-files.ts';
import { emptyHint, formHint } from './examples.ts';
import type { Inventory, InventoryHost } from './inventory.ts';
import { literalSecrets, literalWarnings } from './literal-secrets.ts';
import { notifySecrets } from './notify-secrets.ts';
import { hooksIn, programsIn } from './own-programs.ts';
import { salvage } from './salvage.ts';
import { type HostData, type InventoryData, inventorySchema, type SshData } from './schema.ts';
import { secretUses } from './secret-uses.ts';
import { upgradeCommandOf, upgradeCommands } from './upgrade-command.ts';
import { toValue } from './variables.ts';
import { virtualAddressOf } from './virtual-address.ts';
import { type CalendarFiles, readCalendarFiles, windowsOf } from './windows.ts';

/** Finds and reads the playbook named by an inventory; paths are relative to `directory`. */
export type PlaybookLoader = (reference: string, directory: string) => Promise<LoadedPlaybook>;

/**
 * Read an inventory and the playbook that it names. Throws OperatorErrors with every mistake in both, each
 * with its place. Secrets written in the inventory go into `register` before any message about it. Imports go
 * one way only, so the playbook's loader is passed in; see src/playbook/resolve/load-inventory.ts.
 */
export async function readInventory(
  file: string,
  loadPlaybook: PlaybookLoader,
  register: SecretRegister = new SecretRegister(),
): Promise<Inventory> {
  const { document, playbook, data, calendars, problems } = await readParts(file, loadPlaybook, register);
  if (data === undefined || problems.length > 0 || playbook === undefined) {
    throw new OperatorErrors(inOrder(problems, [file]));
  }
  const inventory = build({ document, data, playbook, calendars });
  const accepted = await readAccepted(file);
  const unknown = withoutHosts(accepted, inventory.hosts);
  return { ...inventory, accepted, warnings: [...inventory.warnings, ...unknown] };
}

/**
 * As `readInventory`, but of a text that isn't in a file yet; `source.file` is where it would be. Only what
 * it names is read.
 */
export async function inventoryOfText(source: SourceFile, loadPlaybook: PlaybookLoader): Promise<Inventory> {
  const parts = await partsOf(source, { loadPlaybook, register: new SecretRegister(), problems: [] });
  const { document, playbook, data, calendars, problems } = parts;
  if (data === undefined || problems.length > 0 || playbook === undefined) {
    throw new OperatorErrors(inOrder(problems, [source.file]));
  }
  return build({ document, data, playbook, calendars });
}

/** An inventory as far as it can be used, and what is wrong with it. */
export interface SalvagedInventory {
  /** undefined if there is no host in it that could be reached */
  readonly inventory: Inventory | undefined;
  readonly problems: readonly Problem[];
}

/**
 * As `readInventory`, but of one with mistakes whatever is right is used; see salvage.ts. For commands that
 * only look. Throws if the file can't be read at all.
 */
export async function salvageInventory(
  file: string,
  loadPlaybook: PlaybookLoader,
  register: SecretRegister,
): Promise<SalvagedInventory> {
  return salvageParts(await readParts(file, loadPlaybook, register));
}

/** The same of a text that isn't in a file yet; `source.file` is where it would be. */
export async function salvageText(
  source: SourceFile,
  loadPlaybook: PlaybookLoader,
): Promise<SalvagedInventory> {
  return salvageParts(await partsOf(source, { loadPlaybook, register: new SecretRegister(), problems: [] }));
}

function salvageParts({ document, playbook, data, calendars, problems }: Parts): SalvagedInventory {
  if (data !== undefined && problems.length === 0 && playbook !== undefined)
    return { inventory: build({ document, data, playbook, calendars }), problems };
  const salvaged = salvage(document.value, playbook);
  return {
    inventory: salvaged && build({ ...salvaged, document, calendars }),
    problems: inOrder(problems, [document.file]),
  };
}

interface Parts {
  readonly document: YamlDocument;
  /** undefined if it has mistakes of its own */
  readonly playbook: LoadedPlaybook | undefined;
  /** undefined if the form is not right */
  readonly data: InventoryData | undefined;
  /** the calendar files that it names, as far as they can be read */
  readonly calendars: CalendarFiles['files'];
  readonly problems: readonly Problem[];
}

async function readParts(
  file: string,
  loadPlaybook: PlaybookLoader,
  register: SecretRegister,
): Promise<Parts> {
  const source = await readSourceFile(file, whereToBegin).catch((error: unknown) => {
    throw new OperatorErrors(problemsOf(error));
  });
  return partsOf(source, { loadPlaybook, register, problems: [] });
}

/** What to do without an inventory. */
const whereToBegin = 'name your inventory with --inventory, or write one with clusterproxy init';

async function partsOf(
  source: SourceFile,
  {
    loadPlaybook,
    register,
    problems,
  }: { loadPlaybook: PlaybookLoader; register: SecretRegister; problems: Problem[] },
): Promise<Parts> {
  const { file } = source;
  const document = new YamlDocument(source, { example: emptyHint });
  problems.push(...document.problems);
  if (document.value === undefined) throw new OperatorErrors(problems);

  if (kindOfFile(document.value) === 'playbook') {
    const problem = document.problem([], {
      code: 'not-an-inventory',
      message: `${file} is a playbook, not an inventory`,
      next: `${whereToBegin}; to check the playbook: clusterproxy playbook check ${file}`,
    });
    throw new OperatorErrors([problem]);
  }
  const reference = valueAt(document.value, ['playbook']);
  const playbook =
    typeof reference === 'string' && reference !== ''
      ? await loadPlaybook(reference, dirname(file)).catch((error: unknown) => {
          for (const problem of problemsOf(error)) {
            problems.push({ ...problem, location: problem.location ?? document.location(['playbook']) });
          }
          return undefined;
        })
      : undefined;
  for (const secret of literalSecrets(document, playbook)) register.add(secret);
  const checked = inventorySchema.safeParse(document.value);
  if (!checked.success)
    problems.push(...schemaProblems(document, inventorySchema, document.value, { at: [], hint: formHint }));
  const calendars = await readCalendarFiles(document);
  problems.push(
    ...checkInventory(document, playbook),
    ...(await sshFileProblems(document)),
    ...calendars.problems,
  );
  return { document, playbook, data: checked.data, calendars: calendars.files, problems };
}

interface SoundParts {
  readonly document: YamlDocument;
  readonly data: InventoryData;
  readonly playbook: LoadedPlaybook;
  readonly calendars: CalendarFiles['files'];
}

function build({ document, data, playbook, calendars }: SoundParts): Inventory {
  const { file, text } = document;
  const defaults = Object.entries(playbook.variables).flatMap(([name, variable]) =>
    variable.default === undefined ? [] : [[name, variable.default] as const],
  );
  const vars = { ...Object.fromEntries(defaults), ...values(data.vars) };
  const hosts = playbook.roles.flatMap((role) => {
    const list = Object.hasOwn(data.hosts, role.name) ? data.hosts[role.name] : undefined;
    if (list === undefined || list === 'external') return [];
    return list.map((host) => buildHost(host, { role: role.name, vars, ssh: data.ssh, file }));
  });
  const external = playbook.roles
    .map((role) => role.name)
    .filter((name) => Object.hasOwn(data.hosts, name) && data.hosts[name] === 'external');
  return {
    file,
    text,
    playbook,
    playbookText: playbook.text,
    cluster: {
      name: data.cluster.name,
      hostname: data.cluster.hostname,
      virtualAddress: virtualAddressOf(data.cluster.virtual_address),
    },
    vars,
    external: new Set(external),
    hosts,
    maxUnavailable: maxUnavailable(data.max_unavailable),
    timeZone: data.cluster.time_zone,
    windows: windowsOf(data.windows, calendars),
    whenBusy: whenBusy(data.when_busy),
    idleFor: data.idle_for === undefined ? undefined : secondsOf(data.idle_for),
    upgradeCommand: upgradeCommands(data, file),
    snapshotCommand: data.snapshot_command,
    policies: programsIn(data.policies, file),
    hooks: hooksIn(data.hooks, file),
    notify: data.notify,
    notifySecrets: notifySecrets(document, data.notify),
    secrets: secretUses(document, playbook, hosts),
    listSecrets: new Map(),
    warnings: literalWarnings(document, playbook),
  };
}

function whenBusy(data: InventoryData['when_busy']): Inventory['whenBusy'] {
  if (typeof data !== 'object') return { all: data, roles: new Map() };
  return { all: undefined, roles: new Map(Object.entries(data)) };
}

function maxUnavailable(data: InventoryData['max_unavailable']): Inventory['maxUnavailable'] {
  const parsed = (value: string | number) => parseMaxUnavailable(String(value));
  if (typeof data !== 'object') {
    return { all: data === undefined ? undefined : parsed(data), roles: new Map() };
  }
  const roles = Object.entries(data).flatMap(([role, value]) => {
    const allowed = parsed(value);
    return allowed === undefined ? [] : [[role, allowed] as const];
  });
  return { all: undefined, roles: new Map(roles) };
}

function buildHost(
  data: HostData,
  all: {
    role: string;
    vars: Readonly<Record<string, Value>>;
    ssh: InventoryData['ssh'];
    file: string;
  },
): InventoryHost {
  const address = data.address ?? data.ssh?.address ?? data.hostname ?? data.name;
  const sshAddress = data.ssh?.address ?? data.address;
  return {
    name: data.name,
    role: all.role,
    hostname: data.hostname,
    address,
    givenAddress: data.address,
    recipe: data.recipe,
    state: data.state ?? 'active',
    upgradeCommand: upgradeCommandOf(data.upgrade_command, all.file),
    vars: { ...all.vars, ...values(data.vars) },
    ssh: {
      ...sshSettings({ ...all.ssh, ...data.ssh }, all.file),
      host: sshAddress ?? data.hostname ?? data.name,
      alias: sshAddress === undefined ? data.name : undefined,
    },
  };
}

function values(data: Record<string, unknown> | undefined): Record<string, Value> {
  return Object.fromEntries(Object.entries(data ?? {}).map(([name, value]) => [name, toValue(value)]));
}

/** Settings that aren't given stay undefined, since the operator's ssh configuration may give them. */
function sshSettings(data: SshData, file: string): Omit<SshSettings, 'host' | 'alias'> {
  const path = (name: string) => sshPath(name, file);
  return {
    port: data.port,
    user: data.user,
    become: data.become === 'sudo' ? 'sudo' : undefined,
    identityFiles: data.identity_files?.map(path),
    hostKeys: data.host_keys,
    knownHostsFiles: data.known_hosts?.map(path),
    connectTimeout: data.connect_timeout,
    proxyJump: data.proxy_jump,
    config: data.config === undefined || data.config === 'none' ? data.config : path(data.config),
    transport: data.transport,
  };
}
