import { access, readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { findInPath } from '../find-in-path.ts';
import { home } from './home.ts';

/**
 * Whether a file of the operator's ssh configuration says anything by which a connection would differ from
 * one without any. A machine with nothing but its distribution's files is spared a process for each host.
 * Where in doubt the answer is yes: then ssh(1) is asked, which alone knows what its files mean.
 */
export async function configurationMatters(config: string | undefined): Promise<boolean> {
  if (config !== undefined) return matters(config, { base: join(home(), '.ssh'), depth: 0 });
  if (!(await hasUsualPaths())) return true;
  const found = await Promise.all([
    matters(join(home(), '.ssh', 'config'), { base: join(home(), '.ssh'), depth: 0 }),
    matters('/etc/ssh/ssh_config', { base: '/etc/ssh', depth: 0 }),
  ]);
  return found.includes(true);
}

/**
 * Keywords that change nothing that is used here. The lists of algorithms belong to them: what is offered is
 * chosen in algorithms.ts, and the other transport reads the files itself.
 */
const harmless = new Set(
  `addkeystoagent batchmode canonicaldomains canonicalizefallbacklocal canonicalizemaxdots
  canonicalizepermittedcnames casignaturealgorithms checkhostip ciphers clearallforwardings compression
  controlmaster controlpath controlpersist dynamicforward enableescapecommandline escapechar exitonforwardfailure
  fingerprinthash forkafterauthentication forwardagent forwardx11 forwardx11timeout forwardx11trusted gatewayports
  gssapiauthentication gssapiclientidentity gssapidelegatecredentials gssapikexalgorithms gssapikeyexchange
  gssapirenewalforcesrekey gssapiserveridentity gssapitrustdns hashknownhosts host hostbasedacceptedalgorithms
  hostbasedkeytypes hostkeyalgorithms ipqos kexalgorithms localcommand localforward loglevel logverbose macs match
  nohostauthenticationforlocalhost numberofpasswordprompts obscurekeystroketiming permitlocalcommand
  permitremoteopen proxyusefdpass pubkeyacceptedalgorithms pubkeyacceptedkeytypes rekeylimit remotecommand
  remoteforward requesttty requiredrsasize rsaminsize securitykeyprovider sendenv sessiontype setenv stdinnull
  streamlocalbindmask streamlocalbindunlink stricthostkeychecking syslogfacility tcpkeepalive tunnel tunneldevice
  updatehostkeys verifyhostkeydns visualhostkey xauthlocation`.split(/\s+/),
);

/**
 * Where Linux distributions other than those of SUSE have ssh and its configuration; it is compiled into the
 * program.
 */
async function hasUsualPaths(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const program = await findInPath('ssh');
  if (program === undefined) return false;
  const others = ['/usr/etc/ssh/ssh_config', '/usr/local/etc/ssh_config'].map(exists);
  const isUsual = ['/usr/bin/ssh', '/bin/ssh'].includes(await realpath(program).catch(() => ''));
  return isUsual && !(await Promise.all(others)).includes(true);
}

async function matters(file: string, place: { base: string; depth: number }): Promise<boolean> {
  // ssh(1) has the same limit.
  if (place.depth > 16) return true;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
  for (const line of text.split('\n')) {
    // With `s`, as \r and U+2028 end no line for ssh(1), which passes over blanks at a line's end.
    const [, keyword = '', rest = ''] = /^\s*([^\s=#]*)\s*=?\s*(.*)$/s.exec(line) ?? [];
    if (keyword === '') continue;
    if (keyword.toLowerCase() === 'include') {
      if (await includeMatters(rest, place)) return true;
    } else if (!harmless.has(keyword.toLowerCase())) return true;
  }
  return false;
}

/** Follows what Include usually has: plain names, and `*` in the last part. */
async function includeMatters(
  rest: string,
  { base, depth }: { base: string; depth: number },
): Promise<boolean> {
  if (/["'\\#$%?[\]{}]/.test(rest)) return true;
  for (const word of rest.trim().split(/\s+/)) {
    const path = word.startsWith('~/') ? join(home(), word.slice(2)) : word;
    const pattern = isAbsolute(path) ? path : join(base, path);
    const directory = dirname(pattern);
    if (directory.includes('*') || path.startsWith('~')) return true;
    for (const file of await filesMatching(directory, pattern.slice(directory.length + 1))) {
      if (await matters(file, { base, depth: depth + 1 })) return true;
    }
  }
  return false;
}

async function filesMatching(directory: string, pattern: string): Promise<readonly string[]> {
  if (!pattern.includes('*')) return [join(directory, pattern)];
  const parts = pattern.split('*').map((part) => part.replace(/[.+^|()]/g, '\\$&'));
  const shape = new RegExp(`^${parts.join('.*')}$`);
  const names = await readdir(directory).catch(() => []);
  return names.filter((name) => shape.test(name)).map((name) => join(directory, name));
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
