import { describe, expect, it } from 'vitest';
import { runStep } from '../../support/run-step.ts';

const unit = '/lib/systemd/system/haproxy.service';
const dropIn = '/etc/systemd/system/haproxy.service.d/zz-clusterproxy.conf';
const wanted = { program: '/usr/local/sbin/haproxy-save-state.sh', path: '/run/haproxy-state/servers' };
const check = 'ExecReload=/usr/sbin/haproxy -Ws -f $CONFIG -c -q $EXTRAOPTS\n';
const kill = 'ExecReload=/bin/kill -USR2 $MAINPID\n';
const save =
  'ExecReload=-/usr/local/sbin/haproxy-save-state.sh save /etc/haproxy/haproxy.cfg /run/haproxy/admin.sock /run/haproxy-state/servers\n';

describe('haproxy-state', () => {
  it("saves the states after the unit's own check and before the process is told to reload", () => {
    const { text, changed } = runStep('haproxy-state', wanted, {
      files: { [unit]: `[Service]\n${check}${kill}` },
    });
    expect(changed).toEqual(['/etc/systemd/system/haproxy.service.d', dropIn]);
    expect(text(dropIn)).toContain(`ExecReload=\n${check}${save}${kill}`);
    expect(text(dropIn)).toContain('RuntimeDirectory=haproxy-state\n');
  });

  it('follows the drop-ins of others', () => {
    const files = {
      [unit]: `[Service]\n${check}${kill}`,
      '/etc/systemd/system/haproxy.service.d/override.conf': `[Service]\nExecReload=\nExecReload=/opt/check \\\n  --all\n${kill}`,
      '/etc/systemd/system/haproxy.service.d/zzz.conf': '[Service]\nExecReload=/opt/after\n',
    };
    const { text } = runStep('haproxy-state', wanted, { files });
    expect(text(dropIn)).toContain(
      `ExecReload=\nExecReload=/opt/check  --all\n${save}${kill}ExecReload=/opt/after\n`,
    );
  });

  it.each([
    ['no unit', {}, 'unit-missing'],
    ['a unit that can not reload', { [unit]: '[Service]\nExecStart=/x\n' }, 'unit-without-reload'],
  ])('refuses a host with %s', (_, files, code) => {
    expect(() => runStep('haproxy-state', wanted, { files })).toThrow(expect.objectContaining({ code }));
  });
});
