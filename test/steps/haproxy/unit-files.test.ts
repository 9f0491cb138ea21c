import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { askUnitFiles, filesOfUnit } from '../../../src/steps/haproxy/unit-files.ts';
import { withoutHaproxy } from '../../support/haproxy-oracle.ts';
import { runStep } from '../../support/run-step.ts';
import { certificate, frontend, locations, packages, path, stockText } from './proxy-parameters.ts';

const playbook = readFileSync('playbooks/bigbluebutton.yaml', 'utf8');
const hook = readFileSync('playbooks/files/haproxy-deploy-hook.sh', 'utf8');

/** What the handler runs before a reload. */
const validate: readonly string[] = parse(playbook).roles.proxy.handlers.find(
  ({ id }: { readonly id: string }) => id === 'reload-haproxy',
).validate;

it('is asked in the same words by the steps, the handler and the hook', () => {
  const bare = (text: string) => text.replace(/\s+/g, ' ').trim();
  expect(bare(validate[2] ?? '')).toContain(`files=$( ${bare(filesOfUnit)} );`);
  expect(bare(hook)).toContain(`files_of_unit() { ${bare(filesOfUnit)} }`);
});

describe('on a host', () => {
  let folder: string;
  const at = (name: string) => join(folder, name);

  /** A systemctl that says this of haproxy.service. */
  function unit(start: string, environment = '', pid = 0): void {
    const told = {
      MainPID: String(pid),
      Environment: environment,
      EnvironmentFiles: `${at('default')} (ignore_errors=yes)\n${at('none')} (ignore_errors=yes)`,
      ExecStart: `{ path=/usr/sbin/haproxy ; argv[]=/usr/sbin/haproxy ${start} ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }`,
    };
    const cases = Object.entries(told).map(
      ([name, text]) => `--property=${name}) cat <<'end'\n${text}\nend\n;;`,
    );
    mkdirSync(at('bin'), { recursive: true });
    writeFileSync(at('bin/systemctl'), `#!/bin/sh\ncase $2 in\n${cases.join('\n')}\nesac\n`);
    chmodSync(at('bin/systemctl'), 0o755);
  }
  const run = ([program = '', ...args]: readonly string[]) =>
    spawnSync(program, args, {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${at('bin')}:${process.env.PATH}` },
    });
  const asked = () => run(askUnitFiles.args).stdout.trim().split('\n');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'unit-files-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is Debian's unit, with what its operators have added", () => {
    const environment =
      'CONFIG=/etc/haproxy/haproxy.cfg PIDFILE=/run/haproxy.pid "EXTRAOPTS=-S /run/haproxy-master.sock"';
    unit('-Ws -f $CONFIG -p $PIDFILE $EXTRAOPTS', environment);
    expect(asked()).toEqual(['/etc/haproxy/haproxy.cfg']);
    writeFileSync(at('default'), '#CONFIG=/no\n EXTRAOPTS="-de -f /srv/sites -n 9 -- /y.cfg /z.cfg"\n');
    expect(asked()).toEqual(['/etc/haproxy/haproxy.cfg', '/srv/sites', '/y.cfg', '/z.cfg']);
    writeFileSync(at('default'), "CONFIG='/srv/own.cfg'\nEXTRAOPTS=\n");
    expect(asked()).toEqual(['/srv/own.cfg']);
  });

  it("is the Red Hat family's, or a drop-in that has the files in its own line", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable as systemd has it
    unit('-Ws -f $CONFIG -f ${CFGDIR}/more -p $PIDFILE', 'CONFIG=/a.cfg CFGDIR=/etc/haproxy/conf.d');
    expect(asked()).toEqual(['/a.cfg', '/etc/haproxy/conf.d/more']);
    unit('-Ws -f /a.cfg -f /b.cfg');
    expect(asked()).toEqual(['/a.cfg', '/b.cfg']);
  });

  it('goes by the process that runs, which a reload starts anew as it was started', () => {
    unit('-Ws -f /planned.cfg', '', process.pid);
    expect(asked()).toEqual(['']);
  });

  it.skipIf(withoutHaproxy !== undefined)('is validated with all files', () => {
    writeFileSync(
      at('main.cfg'),
      'defaults\n    mode http\n    timeout client 5s\nfrontend f\n    bind 127.0.0.1:8443\n    default_backend elsewhere\n',
    );
    unit(`-Ws -f ${at('main.cfg')} -f ${at('more.cfg')}`);
    const check = () => run([...validate.slice(0, -1), at('main.cfg')]);
    const wanted = 'backend elsewhere\n    mode http\n    timeout connect 5s\n    timeout server 5s\n';
    writeFileSync(at('more.cfg'), wanted);
    expect(check()).toMatchObject({ status: 0 });
    writeFileSync(at('more.cfg'), `${wanted}    no-directive on\n`);
    expect(check().status).not.toBe(0);
    expect(check().stderr).toContain('no-directive');
  });
});

describe('a step', () => {
  const knowing = (output: string, files: Readonly<Record<string, string>> = {}) => ({
    ...{ packages, files: { [path]: stockText, [certificate]: 'pem', ...files } },
    answers: [[askUnitFiles, { status: 0, output }] as const],
  });
  const conf = '/etc/haproxy/conf.d/a.cfg';
  const taken = { [conf]: 'frontend site\n    bind :443 ssl crt /x\n' };

  it('warns of files that the unit reads and that are not looked at', () => {
    const warnings = (output: string) => runStep('haproxy-locations', locations, knowing(output)).warnings;
    expect(warnings(`${path}\n/srv/haproxy/sites\n/y.cfg\n`)).toEqual([
      expect.stringMatching(/^haproxy\.service has HAProxy read \/srv\/haproxy\/sites, \/y\.cfg as well, /),
    ]);
    for (const fine of ['', `${path}\n`, `${path}\n/etc/haproxy/conf.d/\n`]) {
      expect(warnings(fine), fine).toEqual([]);
    }
  });

  it('refuses a haproxy.cfg that nobody reads', () => {
    expect(() => runStep('haproxy-locations', locations, knowing('/srv/own.cfg\n'))).toThrow(
      expect.objectContaining({
        code: 'server-not-reached',
        message: expect.stringContaining(
          `HAProxy doesn't read ${path}: haproxy.service has it read /srv/own.cfg`,
        ),
      }),
    );
  });

  it('knows that the file may be one of a folder', () => {
    const { changed, warnings } = runStep('haproxy-locations', locations, knowing('/etc/haproxy/\n'));
    expect([changed, warnings]).toEqual([
      [path],
      [expect.stringContaining('has HAProxy read /etc/haproxy/')],
    ]);
  });

  it('counts files of conf.d only where HAProxy reads them', () => {
    const own = (output: string) => () => runStep('haproxy-frontend', frontend, knowing(output, taken));
    expect(own(`${path}\n`)().changed).toEqual([path]);
    for (const read of [`${path}\n${conf}\n`, `${path}\n/etc/haproxy/conf.d\n`]) {
      expect(own(read), read).toThrow(expect.objectContaining({ code: 'port-taken' }));
    }
  });
});
