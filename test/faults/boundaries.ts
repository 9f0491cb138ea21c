import { allFaults, seed } from '../support/random.ts';

/**
 * A moment of a transaction at which something can go wrong: the host stands before, or right after, one of
 * its own commands.
 */
export interface Boundary {
  readonly name: string;
  readonly moment: 'before' | 'after';
  /** of the command line, patterns of sh(1) */
  readonly patterns: readonly string[];
  /**
   * What happens without the fault: all goes well; the controller says no to a host that waits for its word;
   * the power goes after the first handler, and the host is started again.
   */
  readonly story: 'apply' | 'decline' | 'power-cut';
}

const run = '/var/lib/clusterproxy/runs';
export const state = (name: string) => [`mv*${run}/*/states/${name} *`];
/** A run names a file from inside of its own folder beside it. */
export const beside = (path: string) => `../${path.slice(path.lastIndexOf('/') + 1)}`;
const swapOf = (path: string) => [
  `mv -T -f -- ./.cp-*[0-9] ${beside(path)}`,
  `mv -T -f -- ${beside(path)} ./.cp-*.orig`,
  `rm -f -- ${beside(path)}`,
];
const backOf = (path: string) => [
  `mv -T -f -- ./.cp-*.orig ${beside(path)}`,
  `mv -T -f -- ${beside(path)} ./.cp-*[0-9]`,
  `rm -f -- ${beside(path)}`,
  `rmdir -- ${beside(path)}`,
];
const dropIn = '/etc/systemd/system/lab-web.service.d/cluster.conf';

export const boundaries: readonly Boundary[] = [
  {
    name: 'the plan has arrived',
    moment: 'before',
    patterns: [`mv -T -- ${run}/.incoming-* *`],
    story: 'apply',
  },
  {
    name: 'the boot unit is written',
    moment: 'after',
    patterns: ['ln -sT /etc/systemd/system/clusterproxy-settle-* *'],
    story: 'apply',
  },
  {
    name: 'originals are being saved',
    moment: 'before',
    patterns: [`ln -P -- ${beside('/etc/nginx/conf.d/lab.conf')} *`],
    story: 'apply',
  },
  { name: 'prepared', moment: 'after', patterns: state('prepared'), story: 'apply' },
  { name: 'open', moment: 'after', patterns: state('open'), story: 'apply' },
  { name: 'swap of a file', moment: 'before', patterns: swapOf('/etc/lab/web.conf'), story: 'apply' },
  { name: 'swap of a directory', moment: 'before', patterns: swapOf('/etc/lab/more'), story: 'apply' },
  { name: 'swap of a link', moment: 'before', patterns: swapOf('/etc/lab/link'), story: 'apply' },
  { name: 'swap of a unit file', moment: 'before', patterns: swapOf(dropIn), story: 'apply' },
  {
    name: 'swap of the last file',
    moment: 'before',
    patterns: swapOf('/etc/nginx/conf.d/lab.conf'),
    story: 'apply',
  },
  { name: 'validation', moment: 'before', patterns: ['nginx -t'], story: 'apply' },
  {
    name: 'before the first handler',
    moment: 'before',
    patterns: ['systemctl restart lab-web'],
    story: 'apply',
  },
  {
    name: 'after the first handler',
    moment: 'after',
    patterns: ['systemctl restart lab-web'],
    story: 'apply',
  },
  { name: 'before the last handler', moment: 'before', patterns: ['systemctl reload nginx'], story: 'apply' },
  { name: 'after the last handler', moment: 'after', patterns: ['systemctl reload nginx'], story: 'apply' },
  {
    name: 'before the outcome',
    moment: 'before',
    patterns: ['ln -PT -- *outcomes/commit *'],
    story: 'apply',
  },
  { name: 'after the outcome', moment: 'after', patterns: ['ln -PT -- *outcomes/commit *'], story: 'apply' },
  {
    name: 'settle: the ledger',
    moment: 'before',
    patterns: ['mv -T -f -- */.ledger.json.* *'],
    story: 'apply',
  },
  { name: 'settle: committed', moment: 'after', patterns: state('committed'), story: 'apply' },
  { name: 'waiting for the word', moment: 'after', patterns: state('waiting'), story: 'decline' },
  { name: 'revert: decided', moment: 'after', patterns: ['ln -PT -- *outcomes/revert *'], story: 'decline' },
  { name: 'revert: a file', moment: 'before', patterns: backOf('/etc/lab/web.conf'), story: 'decline' },
  { name: 'revert: a unit file', moment: 'before', patterns: backOf(dropIn), story: 'decline' },
  { name: 'revert: a handler', moment: 'before', patterns: ['systemctl reload nginx'], story: 'decline' },
  { name: 'revert: done', moment: 'after', patterns: state('reverted'), story: 'decline' },
  {
    name: 'boot unit: begins',
    moment: 'before',
    patterns: ['ln -PT -- *outcomes/revert *'],
    story: 'power-cut',
  },
  { name: 'boot unit: a file', moment: 'before', patterns: backOf('/etc/lab/web.conf'), story: 'power-cut' },
  {
    name: 'boot unit: units are read',
    moment: 'before',
    patterns: ['systemctl daemon-reload'],
    story: 'power-cut',
  },
  { name: 'boot unit: done', moment: 'after', patterns: state('reverted'), story: 'power-cut' },
];

export const faults = [
  'controller killed',
  'TCP reset',
  'TCP silent',
  'power lost',
  'disk full',
  'read-only',
  'file immutable',
  'handler hangs',
  'handler fails',
  'unit dies',
] as const;
export type Fault = (typeof faults)[number];

/**
 * The faults that are tried at a moment: all of them by `npm run test:faults`, otherwise three. The next
 * moment has the next three, and another seed other ones: ten seeds that follow one another try everything.
 */
export function faultsAt(boundary: Boundary): readonly Fault[] {
  if (allFaults) return faults;
  const first = seed + 3 * boundaries.indexOf(boundary);
  return [0, 1, 2].flatMap((next) => faults[(first + next) % faults.length] ?? []);
}
