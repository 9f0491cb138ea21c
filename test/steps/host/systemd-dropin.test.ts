import { describe, expect, it } from 'vitest';
import { mergeOptions, splitOptions, withoutOptions } from '../../../src/steps/java/options.ts';
import { mistakes, runStep } from '../../support/run-step.ts';

const folder = '/etc/systemd/system/bbb-web.service.d';
const ours = `${folder}/zz-clusterproxy.conf`;
const override = `${folder}/override.conf`;
const environmentFile = '/etc/default/bbb-web';

const cors = ['-Dgrails.cors.enabled=true', '-Dgrails.cors.allowedOrigins=https://proxy,https://node'];
const java = {
  unit: 'bbb-web.service',
  java_options: { environment_files: [environmentFile], options: cors },
};
const wrong = '-Dgrails.cors.enabled=true -Dgrails.cors.allowedOrigins=https://proxy,https://https://node';

describe('systemd-dropin', () => {
  const meteor = {
    unit: 'bbb-html5-frontend@.service',
    environment: { ROOT_URL: 'https://127.0.0.1/bbb-01/html5client' },
  };
  const meteorFolder = '/etc/systemd/system/bbb-html5-frontend@.service.d';

  it('sets environment variables in a drop-in of our own', () => {
    const { text, changed, managed } = runStep('systemd-dropin', meteor, {});
    expect(changed).toEqual([meteorFolder, `${meteorFolder}/zz-clusterproxy.conf`]);
    expect(managed).toEqual([
      {
        path: `${meteorFolder}/zz-clusterproxy.conf`,
        format: 'unit',
        key: ['Service', 'Environment', 'ROOT_URL'],
      },
    ]);
    expect(text(`${meteorFolder}/zz-clusterproxy.conf`)).toMatch(
      /^# .*clusterproxy.*\n\n?\[Service\]\nEnvironment="?ROOT_URL=https:\/\/127\.0\.0\.1\/bbb-01\/html5client"?\n$/,
    );
  });

  it('keeps what an operator adds to it', () => {
    const before = '[Service]\nLimitNOFILE=4096\nEnvironment=ROOT_URL=x\n';
    const path = `${meteorFolder}/zz-clusterproxy.conf`;
    const { text } = runStep('systemd-dropin', meteor, { files: { [path]: before } });
    expect(text(path)).toContain('LimitNOFILE=4096\n');
    expect(text(path)).toContain('ROOT_URL=https://127.0.0.1/bbb-01/html5client');
  });

  it('recognises the guides’ cluster.conf, and takes it away when told to', () => {
    const path = `${meteorFolder}/cluster.conf`;
    const files = { [path]: '[Service]\nEnvironment=ROOT_URL=https://127.0.0.1/bbb-01/html5client\n' };
    expect(() => runStep('systemd-dropin', meteor, { files })).toThrow(
      expect.objectContaining({
        code: 'set-up-by-hand',
        message: expect.stringContaining(`${path}: sets ROOT_URL`),
      }),
    );
    const { host } = runStep('systemd-dropin', { ...meteor, adopt: true }, { files });
    expect(host.state(path)).toEqual({ kind: 'absent' });
  });

  it('leaves what else such a file says', () => {
    const path = `${meteorFolder}/cluster.conf`;
    const files = { [path]: '[Service]\nNice=5\nEnvironment=ROOT_URL=x\n' };
    expect(runStep('systemd-dropin', { ...meteor, adopt: true }, { files }).text(path)).toBe(
      '[Service]\nNice=5\n',
    );
  });

  it('wants something to do', () => {
    expect(mistakes('systemd-dropin', { unit: 'a.service' })).toEqual([
      ': expected environment or java_options',
    ]);
    expect(mistakes('systemd-dropin', { unit: 'a', environment: { A: 1 } })).toEqual([
      'unit: expected the name of a unit',
    ]);
  });
});

describe('options of the Java virtual machine', () => {
  it('go into our drop-in', () => {
    const { text, changed } = runStep('systemd-dropin', java, {
      files: { [environmentFile]: 'ENV=prod\n', [override]: '[Service]\nLimitNOFILE=8192\n' },
    });
    expect(changed).toEqual([ours]);
    expect(text(ours)).toContain(`JDK_JAVA_OPTIONS=${cors.join(' ')}`);
  });

  it('come behind those that another drop-in sets', () => {
    const { text } = runStep('systemd-dropin', java, {
      files: { [override]: '[Service]\nEnvironment="JDK_JAVA_OPTIONS=-Xss2m -Dmine=1"\n' },
    });
    expect(text(ours)).toContain(`JDK_JAVA_OPTIONS=-Xss2m -Dmine=1 ${cors.join(' ')}`);
  });

  it('go into the environment file where that sets the variable, as it would win over our drop-in', () => {
    const { text, changed, managed } = runStep('systemd-dropin', java, {
      files: { [environmentFile]: 'ENV=prod\nJDK_JAVA_OPTIONS="-Xss2m"\n' },
    });
    expect(changed).toEqual([environmentFile]);
    expect(text(environmentFile)).toBe(`ENV=prod\nJDK_JAVA_OPTIONS="-Xss2m ${cors.join(' ')}"\n`);
    expect(managed).toEqual([{ path: environmentFile, format: 'shell-env', key: ['JDK_JAVA_OPTIONS'] }]);
  });

  it('are left where a file says just them already', () => {
    const files = { [environmentFile]: `JDK_JAVA_OPTIONS="${cors.join(' ')}"\n` };
    expect(runStep('systemd-dropin', java, { files }).changed).toEqual([]);
  });

  it.each([
    ['an environment file', environmentFile, `JDK_JAVA_OPTIONS="${wrong}"\n`],
    ['a drop-in', override, `[Service]\nEnvironment="JDK_JAVA_OPTIONS=${wrong}"\n`],
  ])('were set up by hand in %s', (_, path, before) => {
    const files = { [path]: before };
    expect(() => runStep('systemd-dropin', java, { files })).toThrow(
      expect.objectContaining({
        code: 'set-up-by-hand',
        message: expect.stringContaining('https://https://'),
      }),
    );
    const { host, text } = runStep('systemd-dropin', { ...java, adopt: true }, { files });
    expect(text(ours)).toContain(cors.join(' '));
    expect(text(path) ?? '').not.toContain('cors');
    expect(host.state(path).kind).toBe(path === override ? 'absent' : 'file');
  });

  it('keep what else is set beside them by hand, where it has an effect', () => {
    const { text } = runStep(
      'systemd-dropin',
      { ...java, adopt: true },
      {
        files: { [environmentFile]: `JDK_JAVA_OPTIONS="-Xss2m ${wrong}"\n` },
      },
    );
    expect(text(environmentFile)).toBe(`JDK_JAVA_OPTIONS="-Xss2m ${cors.join(' ')}"\n`);
  });

  it('leave our drop-in once an operator moves the variable to the environment file', () => {
    const { host } = runStep('systemd-dropin', java, {
      files: {
        [environmentFile]: 'JDK_JAVA_OPTIONS=-Xss2m\n',
        [ours]: `# x\n[Service]\nEnvironment="JDK_JAVA_OPTIONS=${cors.join(' ')}"\n`,
      },
    });
    expect(host.state(ours)).toEqual({ kind: 'absent' });
  });
});

describe('a text of options', () => {
  it('is split as the launcher does, quotes kept', () => {
    expect(splitOptions(`-Da="b c"  '-Dd=e f'\t-Xss2m`)).toEqual(['-Da="b c"', "'-Dd=e f'", '-Xss2m']);
  });

  it('is merged by what the options are about', () => {
    expect(mergeOptions('-Da=1 -Xss2m -Da=2', ['-Da=3', '-Db=4'])).toBe('-Xss2m -Da=3 -Db=4');
    expect(mergeOptions('-Db=4  -Da=3', ['-Da=3', '-Db=4'])).toBe('-Db=4  -Da=3');
    expect(mergeOptions('', ['-Da=3'])).toBe('-Da=3');
    expect(withoutOptions('-Dab=1 -Da=1', ['-Da=3'])).toBe('-Dab=1');
  });
});
