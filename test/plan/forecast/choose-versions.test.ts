import { describe, expect, it } from 'vitest';
import { chooseVersions, isVersion } from '../../../src/plan/forecast/choose-versions.ts';

const map = <Value>(given: Readonly<Record<string, Value>>) => new Map(Object.entries(given));
const offers = {
  installed: map({
    'bbb-web': '1:2.7-9',
    'bbb-html5': '1:3.0.4-1',
    'bbb-config': '1:3.0.9-1',
    'bbb-pads': '1:1.5-1',
    'bbb-lti': '1:0.7-1',
    'bbb-gone': '1:2.7-1',
  }),
  candidates: map({ 'bbb-web': '1:3.0.10-1', 'bbb-pads': '1:1.6-1', 'bbb-lti': '1:0.7-1' }),
  versions: map({
    'bbb-web': ['1:3.0.4-1', '1:3.0.10-1', '1:3.0.4-12', '1:3.1-1', '1:2.7-9'],
    'bbb-html5': ['1:3.0.4-1'],
    'bbb-config': ['1:3.0.4-1'],
    'bbb-pads': ['1:1.6-1'],
    'bbb-lti': ['1:0.7-1'],
  }),
};

it.each([
  ['3.0', '1:3.0.10-1'],
  ['3.0.4', '1:3.0.4-12'],
  ['3.0.4-1', '1:3.0.4-1'],
  ['1:3.0.4-1', '1:3.0.4-1'],
  ['3.1', '1:3.1-1'],
])('%s is the latest that is that version', (to, version) => {
  expect(chooseVersions(to, offers).wanted[0]).toEqual({ name: 'bbb-web', version });
});

it('takes what apt would for parts with versions of their own, and never goes back', () => {
  expect(chooseVersions('3.0.4', offers)).toEqual({
    wanted: [
      { name: 'bbb-web', version: '1:3.0.4-12' },
      { name: 'bbb-pads', version: '1:1.6-1' },
    ],
    otherVersions: ['bbb-pads'],
    leftOut: [
      { file: 'bbb-html5', why: 'version 1:3.0.4-1 is installed already' },
      { file: 'bbb-config', why: 'version 1:3.0.9-1 is installed, which is later than 1:3.0.4-1' },
      { file: 'bbb-lti', why: 'there is no version 3.0.4 of it, and none later than 1:0.7-1' },
      { file: 'bbb-gone', why: 'there is no version 3.0.4 of it, and none later than 1:2.7-1' },
    ],
    offered: true,
  });
});

it('knows a version that is installed although the lists have it no longer', () => {
  expect(chooseVersions('3.0.9', offers).leftOut[1]).toEqual({
    file: 'bbb-config',
    why: 'version 1:3.0.9-1 is installed already',
  });
});

it('says so where no package has such a version', () => {
  expect(chooseVersions('3.0.5', offers).offered).toBe(false);
});

describe('a version', () => {
  it.each([
    ['1:3.0.4-1', '3.0'],
    ['3.0~rc.1', '3.0'],
    ['3.0+git1', '3.0'],
    ['3.0', '3.0'],
    ['1:3.0.4-1', '1:3'],
  ])('%s is %s', (version, wanted) => expect(isVersion(version, wanted)).toBe(true));

  it.each([
    ['3.01', '3.0'],
    ['3.0a', '3.0'],
    ['1:3.0', '2:3.0'],
    ['13.0', '3.0'],
    ['1:2.0', '1'],
  ])('%s is not %s', (version, wanted) => expect(isVersion(version, wanted)).toBe(false));
});
