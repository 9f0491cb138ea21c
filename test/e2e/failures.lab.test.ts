import { describe, expect, it } from 'vitest';
import { getText } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { inactive, nginxProcesses, runStates, starts, startsOf, temporaryFiles } from './services.ts';

/**
 * A unit's drop-in of the operator's, which makes bbb-web behave in a way as long as it is given our
 * configuration.
 */
function moodOfBbbWeb(mood: 'crash' | 'dead'): (host: LabHost) => Promise<void> {
  const file = `/var/lib/bbb-standin/${mood}`;
  const script = `if grep -q ^defaultHTML5ClientUrl /etc/bigbluebutton/bbb-web.properties; then touch ${file}; else rm -f ${file}; fi`;
  return (host) =>
    host.writeFile(
      '/etc/systemd/system/bbb-web.service.d/10-mood.conf',
      `[Service]\nExecStartPre=+/bin/sh -c '${script}'\n`,
    );
}

const UNITS = [
  'nginx',
  'bbb-web',
  'bbb-apps-akka',
  'etherpad',
  'bbb-graphql-server',
  'bbb-graphql-middleware',
];

/** The host is as before: its files, and its services. */
async function expectUntouched(cluster: Cluster, host: LabHost, changed: readonly string[]): Promise<void> {
  expect(changed.filter((path) => path.startsWith(`${host.name}:`))).toEqual([]);
  expect(await temporaryFiles(host)).toBe('');
  expect(await inactive(host, UNITS)).toEqual([]);
  expect(await getText(cluster.lab, `https://${host.name}.example.com/bigbluebutton/api`)).toContain(
    'SUCCESS',
  );
}

describe.skipIf(noLab).concurrent('a run that fails', () => {
  const lab = useLab();

  it('on what nginx rejects: files back, nothing restarted, and nginx is quoted', async () => {
    const cluster = await startCluster(lab(), {
      name: 'rejected',
      nodes: ['3.0'],
      // The operator's own, at a place where no step looks for it.
      prepareNode: async (host) => {
        await host.writeFile(
          '/etc/nginx/own/cache.inc',
          'location ^~ /rejected-01/html5client/wasm { expires 1d; }\n',
        );
        await host.mustExec(
          "sed -i '0,/include \\/etc\\/bigbluebutton/s//include \\/etc\\/nginx\\/own\\/*.inc;\\n    &/' /etc/nginx/sites-available/bigbluebutton",
        );
      },
    });
    const node = cluster.node(1);
    const before = cluster.manifests();
    const running = await nginxProcesses(node);
    const started = await starts(node);

    const { code, document } = await cluster.json('apply', '--yes');
    expect(code).toBe(3);
    expect(statuses(document)).toEqual({ 'rejected-proxy': 'changed', 'rejected-01': 'rolled-back' });
    const { error } = hostOf(document, node.name);
    expect(error).toMatchObject({ code: 'validation-failed' });
    expect(error?.message).toContain('`nginx -t` rejected the new files');
    expect(error?.detail).toMatch(
      /\[emerg\] .*duplicate location "\/rejected-01\/html5client\/wasm" in \/etc\/\S+:\d+/,
    );
    await expectUntouched(cluster, node, cluster.changedSince(before));
    expect(await nginxProcesses(node)).toBe(running);
    expect(await starts(node)).toBe(started);
    expect(await runStates(node)).toEqual(['reverted']);
    // A person reads the same, and what to do.
    const { stdout } = await cluster.run('apply', '--yes');
    expect(stdout).toContain('duplicate location "/rejected-01/html5client/wasm"');
    expect(stdout).toContain('rolled back');
  });

  it('on a reload that says yes while the new workers could not bind', async () => {
    const cluster = await startCluster(lab(), { name: 'taken', nodes: ['3.0'] });
    const { proxy } = cluster;
    await proxy.mustExec(
      'systemd-run --quiet --unit=other-server python3 -m http.server --bind 0.0.0.0 443 && sleep 1',
    );
    const before = cluster.manifests();
    const { code, document } = await cluster.json('apply', '--yes');
    expect(code).toBe(3);
    expect(statuses(document)).toEqual({ 'taken-proxy': 'rolled-back', 'taken-01': 'not-started' });
    const { error } = hostOf(document, proxy.name);
    expect(`${error?.message}\n${error?.detail}`).toMatch(
      /bind\(\) to 0\.0\.0\.0:443 failed .*Address already in use/,
    );
    expect(hostOf(document, 'taken-01').error?.message).toContain('taken-proxy comes first');
    expect(cluster.changedSince(before)).toEqual([]);
    expect(await inactive(proxy, ['nginx', 'other-server'])).toEqual([]);
    expect(await getText(lab(), 'http://taken.example.com/')).toContain('Welcome to nginx');
    // Nothing of it stays behind: with the port free, the same command works.
    await proxy.mustExec('systemctl stop other-server');
    expect((await cluster.json('apply', '--yes', '--limit', 'proxy')).code).toBe(0);
  });

  it('on a unit that is active while its API is dead', async () => {
    const prepareNode = moodOfBbbWeb('dead');
    const cluster = await startCluster(lab(), { name: 'dead', nodes: ['3.0'], prepareNode, hasty: true });
    const node = cluster.node(1);
    const before = cluster.manifests();
    const { code, document } = await cluster.json('apply', '--yes');
    expect(code).toBe(3);
    const { error, status, handlers } = hostOf(document, node.name);
    expect(status).toBe('rolled-back');
    expect(error).toMatchObject({ code: 'check-failed' });
    expect(error?.message).toContain('restart-bbb-web');
    expect(error?.message).toContain('http://127.0.0.1:8090/bigbluebutton/api did not answer');
    expect(handlers.at(-1)).toMatchObject({ id: 'restart-bbb-web', ran: true });
    await expectUntouched(cluster, node, cluster.changedSince(before));
    // The services that had taken the new files up were restarted once more, with the old ones.
    for (const service of ['bbb-web', 'bbb-apps-akka', 'etherpad'])
      expect(await startsOf(node, service)).toBe(3);
  });

  it('on a restart that fails', async () => {
    const prepareNode = moodOfBbbWeb('crash');
    const cluster = await startCluster(lab(), { name: 'crash', nodes: ['2.6'], prepareNode, hasty: true });
    const node = cluster.node(1);
    const before = cluster.manifests();
    const { code, stdout } = await cluster.run('apply', '--yes');
    expect(code).toBe(3);
    expect(stdout).toMatch(/crash-01 +rolled back/);
    expect(stdout).toContain('restart-bbb-web');
    // The service's own last words.
    expect(stdout).toContain('bbb-web: crashed, as the test wants');
    const changed = cluster.changedSince(before);
    expect(changed.filter((path) => path.startsWith('crash-01:'))).toEqual([]);
    expect(await inactive(node, ['nginx', 'bbb-web', 'bbb-html5', 'etherpad'])).toEqual([]);
    expect(await getText(lab(), 'https://crash-01.example.com/html5client/join')).toContain('BigBlueButton');
  });

  it('and can not be rolled back either: stuck, until a person has mended it', async () => {
    const cluster = await startCluster(lab(), { name: 'stuck', nodes: ['3.0'], hasty: true });
    const node = cluster.node(1);
    const before = cluster.manifests();
    await node.mustExec('touch /var/lib/bbb-standin/crash');
    const { code, document } = await cluster.json('apply', '--yes');
    expect(code).toBe(6);
    expect(hostOf(document, node.name)).toMatchObject({ status: 'stuck', error: { code: 'stuck' } });
    expect(hostOf(document, node.name).error?.detail).toContain('bbb-web');
    // The files are back nevertheless; what is stuck is tried again at the next start of the host.
    const changed = cluster.changedSince(before).filter((path) => path.startsWith('stuck-01:'));
    expect(changed.filter((path) => !path.includes('/clusterproxy-settle-'))).toEqual([]);
    const check = await cluster.json('check');
    expect(check.code).toBe(6);
    expect(hostOf(check.document, node.name).unsettled).toMatchObject([{ state: 'stuck' }]);

    await node.mustExec(
      'rm /var/lib/bbb-standin/crash; systemctl reset-failed; systemctl restart bbb-web; sleep 1',
    );
    const again = await cluster.json('apply', '--yes');
    expect(hostOf(again.document, node.name).error).toBe(undefined);
    expect(again.code).toBe(0);
    expect(await runStates(node)).toEqual(['reverted', 'committed']);
    expect((await cluster.run('check')).code).toBe(0);
  });
});
