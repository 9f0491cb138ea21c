import { describe, expect, it } from 'vitest';
import { mistakes, runStep } from '../support/run-step.ts';

const sum = 'a'.repeat(64);

describe('archive', () => {
  const directory = '/var/www/sdk';
  const wanted = { url: 'https://example.com/sdk.tar.gz', sha256: sum.toUpperCase(), directory, strip: 1 };
  const mark = `sha256 ${sum}, strip 1, owner root:root\n`;

  it('is unpacked where it is not', () => {
    const [action] = runStep('archive', wanted, {}).actions;
    expect(action).toMatchObject({
      name: 'unpack /var/www/sdk',
      run: { kind: 'unpack', sha256: sum, strip: 1, marker: `${directory}/.clusterproxy-archive` },
    });
    expect(action?.notes).toEqual([`only if its sha256 is ${sum}`]);
  });

  it('is left alone where it is', () => {
    const files = { [`${directory}/.clusterproxy-archive`]: mark, [`${directory}/index.html`]: '' };
    expect(runStep('archive', wanted, { files }).actions).toEqual([]);
  });

  it('replaces another one, and the same one with other parts dropped', () => {
    const files = { [`${directory}/.clusterproxy-archive`]: mark };
    for (const other of [{ sha256: 'b'.repeat(64) }, { strip: 0 }, { user: 'www-data' }]) {
      const { actions } = runStep('archive', { ...wanted, ...other }, { files });
      expect(actions.flatMap(({ notes }) => notes).join()).toContain(
        'what was unpacked there before is replaced',
      );
    }
  });

  it('does not replace a link', () => {
    const files = { [directory]: { link: '/srv/sdk' } };
    expect(() => runStep('archive', wanted, { files })).toThrow('is a symbolic link');
  });

  it.each([
    [{ file: 'sdk.tar.gz' }, /exactly one of url, file and path/],
    [{ url: '' }, /exactly one of url, file and path/],
    [{ url: 'ftp://example.com/x' }, /https:/],
    [{ sha256: 'abc' }, /64 hexadecimal digits/],
    [{ directory: '/var' }, /below a system directory/],
    [{ directory: 'sdk' }, /absolute path/],
  ])('refuses %j', (other, message) => {
    expect(mistakes('archive', { ...wanted, ...other }).join()).toMatch(message);
  });
});

describe('unit', () => {
  const unit = (rest: Record<string, unknown>) => ({ name: 'app.service', ...rest });
  const there = { units: ['app.service'] };

  it('changes only what is named', () => {
    expect(runStep('unit', unit({ enabled: true, active: true }), there).changed).toEqual([]);
    const { changed, managed, host } = runStep('unit', unit({ active: false }), there);
    expect(changed).toEqual(['unit:app.service']);
    expect(host.state('unit:app.service')).toEqual({ kind: 'unit', enabled: 'enabled', active: 'inactive' });
    expect(managed.map(({ key }) => key)).toEqual([['active']]);
  });

  it('masks', () => {
    const { host } = runStep('unit', unit({ masked: true, active: false }), there);
    expect(host.state('unit:app.service')).toEqual({ kind: 'unit', enabled: 'masked', active: 'inactive' });
  });

  it('refuses a unit that is not there', () => {
    expect(() => runStep('unit', unit({ enabled: true }), {})).toThrow('there is no unit app.service');
  });

  it.each([
    [unit({}), /expected enabled, active or masked/],
    [unit({ masked: true, active: true }), /be enabled or run/],
    [{ name: 'app', enabled: true }, /with its type/],
    [{ name: '-x.service;reboot', enabled: true }, /name of a unit/],
  ])('refuses %j', (parameters, message) => {
    expect(mistakes('unit', parameters).join()).toMatch(message);
  });
});

describe('package', () => {
  it.each(['-y', 'a b', 'haproxy=2.6', '$(reboot)', ''])('refuses the name %j', (name) => {
    expect(mistakes('package', { names: [name] }).join()).toMatch(/names/);
  });
});
