import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { unifiedCgroupRoot } from './available.ts';

/** Where the base root is cached and where running labs keep their state; outlives checkouts. */
export function cacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME ?? '/var/cache', 'clusterproxy-lab');
}

/**
 * The resources of a lab on this machine. All names derive from it, so a later process can remove everything.
 */
export interface LabRecord {
  /** The process that started the lab, and when it started (ticks since boot): a pid alone may be reused. */
  ownerPid: number;
  ownerStart: string;
  /** 1 to 250: the third octet of the lab's network, and the number of its state directory. */
  number: number;
}

export function labDirectory(record: LabRecord): string {
  return join(cacheDirectory(), 'labs', String(record.number));
}

/** Interface names have at most 15 characters. */
export function bridgeName(record: LabRecord): string {
  return `cplab${record.number}`;
}

export function namespacePrefix(record: LabRecord): string {
  return `cplab-${record.ownerPid}-${record.number}-`;
}

export function cgroupDirectory(record: LabRecord): string {
  const root = unifiedCgroupRoot();
  if (root === undefined) throw new Error('no cgroup2 file system is mounted');
  return join(root, `clusterproxy-lab-${record.ownerPid}-${record.number}`);
}

/**
 * Takes the first free number: a directory that contains the record is renamed into place, which only one
 * process can do.
 */
export function claimLab(): LabRecord {
  const labs = join(cacheDirectory(), 'labs');
  mkdirSync(labs, { recursive: true });
  for (let number = 1; number <= 250; number++) {
    const record: LabRecord = { ownerPid: process.pid, ownerStart: startTime(process.pid) ?? '', number };
    if (existsSync(labDirectory(record)) || existsSync(`/sys/class/net/${bridgeName(record)}`)) continue;
    const claim = mkdtempSync(join(labs, '.claim-'));
    writeFileSync(join(claim, 'lab.json'), JSON.stringify(record));
    try {
      renameSync(claim, labDirectory(record));
      return record;
    } catch {
      rmSync(claim, { recursive: true });
    }
  }
  throw new Error(`all lab numbers are taken; see ${labs}`);
}

/** Removes labs whose owner is gone, and goes on with interrupted removals. Returns their numbers. */
export function removeLeftovers(): number[] {
  const labs = join(cacheDirectory(), 'labs');
  if (!existsSync(labs)) return [];
  const removed: number[] = [];
  for (const name of readdirSync(labs)) {
    const remover = /^\.removed-(\d+)-(\d+)-/.exec(name);
    if (remover === null ? !/^\d+$/.test(name) : startTime(Number(remover[1])) === remover[2]) continue;
    const record = readRecord(join(labs, name, 'lab.json'));
    if (record === undefined || (remover === null && isAlive(record))) continue;
    if (remove(join(labs, name), record)) removed.push(record.number);
  }
  return removed;
}

/**
 * Ends the processes of a lab and removes its mounts, namespaces, interfaces, control groups and files.
 * Synchronous, so that it also works while the process exits. Does nothing if somebody else removes it or
 * did, even if another lab has the number by now.
 */
export function removeLab(record: LabRecord): void {
  const current = readRecord(join(labDirectory(record), 'lab.json'));
  if (current?.ownerPid !== record.ownerPid || current.ownerStart !== record.ownerStart) return;
  remove(labDirectory(record), record);
}

/**
 * First renames the directory to a name that says who removes it, so that one process alone does; whoever
 * finds the name of a process that is gone does it again. Returns false if another process was faster.
 */
function remove(directory: string, record: LabRecord): boolean {
  const name = `.removed-${process.pid}-${startTime(process.pid)}-${randomUUID()}`;
  const taken = join(cacheDirectory(), 'labs', name);
  try {
    renameSync(directory, taken);
  } catch {
    return false;
  }
  killCgroup(cgroupDirectory(record));
  for (const mountPoint of mountsBelow(taken)) execFileSync('umount', ['--lazy', mountPoint]);
  removeInterfaces(record);
  for (const namespace of existsSync('/run/netns') ? readdirSync('/run/netns') : []) {
    if (namespace.startsWith(namespacePrefix(record))) execFileSync('ip', ['netns', 'delete', namespace]);
  }
  if (existsSync(`/sys/class/net/${bridgeName(record)}`)) {
    execFileSync('ip', ['link', 'delete', bridgeName(record)]);
  }
  // The record last: without it nobody would go on with what is left.
  for (const file of readdirSync(taken)) {
    if (file !== 'lab.json') rmSync(join(taken, file), { recursive: true, force: true });
  }
  rmSync(taken, { recursive: true, force: true });
  return true;
}

/**
 * The hosts' ends on the machine's side, whose names the next lab of this number wants: with their namespace
 * they would go as well, but some time after it is deleted. Before the bridge, which keeps the number taken.
 */
function removeInterfaces(record: LabRecord): void {
  const own = new RegExp(`^${bridgeName(record)}h\\d+$`);
  for (const name of readdirSync('/sys/class/net').filter((one) => own.test(one))) {
    try {
      execFileSync('ip', ['link', 'delete', name], { stdio: 'ignore' });
    } catch {
      // It may have gone by itself.
      if (existsSync(`/sys/class/net/${name}`)) throw new Error(`the interface ${name} can't be removed`);
    }
  }
}

/**
 * Kills all processes of a control group at once (`cgroup.kill`, Linux 5.14), waits until they are gone and
 * removes the group. Does nothing if the group doesn't exist.
 */
export function killCgroup(directory: string): void {
  if (!existsSync(directory)) return;
  writeFileSync(join(directory, 'cgroup.kill'), '1');
  const deadline = Date.now() + 60_000;
  while (/^populated 1$/m.test(readFileSync(join(directory, 'cgroup.events'), 'utf8'))) {
    if (Date.now() > deadline) throw new Error(`processes in ${directory} can't be ended`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
  execFileSync('find', [directory, '-depth', '-type', 'd', '-delete']);
}

/** Deepest first. */
function mountsBelow(directory: string): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((mountPoint) => mountPoint.startsWith(`${directory}/`))
    .reverse();
}

function readRecord(path: string): LabRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // Another process has just removed it.
    return undefined;
  }
}

function isAlive(record: LabRecord): boolean {
  return startTime(record.ownerPid) === record.ownerStart;
}

/** Field 22 of /proc/PID/stat (man proc_pid_stat); the name in field 2 may contain spaces and parentheses. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
