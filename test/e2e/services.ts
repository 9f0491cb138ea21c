import type { LabHost } from '../lab/host.ts';

/**
 * The processes of nginx: its master and its workers, each with its start time. Empty where it does not run.
 * The loader of a cache ends by itself, a minute after the start (proxy_cache_path of ngx_http_proxy_module).
 */
export async function nginxProcesses(host: LabHost): Promise<string> {
  return host.mustExec(
    'master=$(systemctl show -P MainPID nginx); [ "$master" = 0 ] || ps -o pid=,lstart=,args= -p "$master" --ppid "$master" | grep -v "cache loader"',
  );
}

/** A line for each start of a stand-in. */
export async function starts(host: LabHost): Promise<string> {
  return (await host.readFile('/var/lib/bbb-standin/starts.log')).toString();
}

/** How often a stand-in was started. */
export async function startsOf(host: LabHost, service: string): Promise<number> {
  return (await starts(host)).split('\n').filter((line) => line.endsWith(` ${service}`)).length;
}

/** Units of the list that aren't active. */
export async function inactive(host: LabHost, units: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await host.exec(['systemctl', 'is-active', ...units]);
  const states = stdout.trim().split('\n');
  return units.filter((_, index) => states[index] !== 'active');
}

/** What sshd's journal (LogLevel VERBOSE) holds: logins, and commands that were run. */
export async function sshdCounts(host: LabHost): Promise<{ logins: number; commands: number }> {
  const { stdout } = await host.exec(['journalctl', '--no-pager', '-o', 'cat', '-t', 'sshd']);
  const count = (text: string) => stdout.split('\n').filter((line) => line.startsWith(text)).length;
  return { logins: count('Accepted publickey '), commands: count('Starting session: ') };
}

/** Files that a run puts beside others under temporary names. */
export async function temporaryFiles(host: LabHost): Promise<string> {
  return host.mustExec("find /etc /usr/share /usr/lib -name '.cp-*'");
}

/** How each run on the host ended: its state, by id. */
export async function runStates(host: LabHost): Promise<readonly string[]> {
  const { stdout } = await host.exec('cat /var/lib/clusterproxy/runs/*/state 2>/dev/null');
  return stdout.split('\n').filter((line) => line !== '');
}
