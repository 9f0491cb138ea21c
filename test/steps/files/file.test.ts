import { describe, expect, it } from 'vitest';
import { mistakes, runStep } from '../../support/run-step.ts';

const path = '/etc/xinetd.d/agent';

describe('file', () => {
  it('makes the whole file and the directory above it', () => {
    const { text, changed, host } = runStep('file', { path, content: 'a\n', mode: '0755', user: 'root' }, {});
    expect(text(path)).toBe('a\n');
    expect(changed).toEqual(['/etc/xinetd.d', path]);
    expect(host.state(path)).toMatchObject({ mode: 0o755 });
  });

  it('takes away, links and makes directories', () => {
    const files = { [path]: 'x' };
    expect(runStep('file', { path, absent: true }, { files }).host.state(path)).toEqual({ kind: 'absent' });
    expect(runStep('file', { path, link: '../y' }, {}).host.state(path)).toMatchObject({ target: '../y' });
    expect(runStep('file', { path, directory: true }, {}).host.state(path)).toMatchObject({
      kind: 'directory',
    });
  });

  it('leaves a directory alone that is to be a file or to go away', () => {
    const files = { [`${path}/inside`]: '' };
    for (const wanted of [{ content: '' }, { absent: true }]) {
      expect(() => runStep('file', { path, ...wanted }, { files })).toThrow(
        expect.objectContaining({ code: 'not-a-file' }),
      );
    }
  });

  it('wants exactly one kind of thing', () => {
    const expected = [': expected exactly one of content, template, absent, directory, link'];
    expect(mistakes('file', { path })).toEqual(expected);
    expect(mistakes('file', { path, content: '', absent: true })).toEqual(expected);
  });
});
