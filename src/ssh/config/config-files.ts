import { access, readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { findInPath } from '../find-in-path.ts';
import { home } from './home.ts';

/**
 * Whether any file of the operator's ssh configuration contains something that affects a connection. This
 * saves a process per host on a machine that has only its distribution's files. When in doubt the answer is
 * yes: ssh(1) is then asked, as only ssh(1) knows what its files mean.
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
 * Keywords that change nothing that is used here. This includes the lists of algorithms: algorithms.ts
 * chooses what is offered, and the other transport reads the files itself.
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
 * Whether ssh and its configuration are where Linux distributions other than SUSE's have them; the paths are
 * compiled into the program.
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

/** Follows the usual forms of Include: plain names, and `*` in the last part. */
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
