import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  askBalancer,
  type CordonAnswer,
  type CordonedNode,
  type CordonRequest,
  cordon,
  cordonState,
  keepCordoned,
  releaseCordon,
} from '../../src/host/cordon.ts';
import { probe } from '../../src/host/probe.ts';
import { noReads } from '../../src/model/reads.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { machineId, type Sample, sampleHost } from './sample.ts';

/** A balancer in three files; what it was told is in `calls`. */
const program = `
balancer=$ROOT/balancer
printf '%s\\n' "$*" >>"$balancer/calls"
case $1 in
  state)
    [ ! -e "$balancer/mute" ] || { echo 'it is not there'; exit 1; }
    printf 'state\\037%s\\n' "$(cat "$balancer/state")"
    printf 'health\\037online\\n'
    printf 'others\\037%s\\n' "$(cat "$balancer/others")"
    [ ! -e "$balancer/closed" ] || printf 'joins\\037refused\\n'
    ;;
  how-to-*) echo "$1 by hand" ;;
  cordon) rm -f "$balancer/closed"; [ -e "$balancer/deaf" ] || echo cordoned >"$balancer/state" ;;
  enable) if [ -e "$balancer/removed" ]; then echo unknown; else echo enabled; fi >"$balancer/state" ;;
esac
`;

let sample: Sample;
const url = 'https://bbb-01.example.com/bigbluebutton/api';

beforeEach(async () => {
  sample = await sampleHost();
  mkdirSync(sample.path('balancer'));
  put('state', 'enabled');
  put('others', '2');
});
afterEach(async () => {
  await sample.close();
});

/** Whether the node answers rightly. */
const nodeIs = (state: 'active' | 'inactive') =>
  writeFileSync(sample.path('run/stand-in/units/bbb-web.service'), `${state}\n`);

const put = (name: string, text: string) => writeFileSync(sample.path(`balancer/${name}`), `${text}\n`);
const state = () => readFileSync(sample.path('balancer/state'), 'utf8').trim();
const calls = () => readFileSync(sample.path('balancer/calls'), 'utf8').trim().split('\n');
const kept = (name: string) => sample.path(`var/lib/clusterproxy/cordons/prod/bbb-01/${name}`);

async function over(work: (connection: Connection) => Promise<CordonAnswer>): Promise<CordonAnswer> {
  const connection = await connect(sample.host.target);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
const ofRun = (run: string): CordonedNode => ({ cluster: 'prod', node: 'bbb-01', run, machineId });
const takeOut = (run = 'run-1', more: Partial<CordonRequest> = {}) =>
  over((connection) =>
    cordon(connection, {
      ...{ ...ofRun(run), program, args: ['bbb-01', '', 'two words'], holder: 'alice from laptop' },
      ...{ answers: [{ url, contains: 'SUCCESS' }], seconds: 3_600 },
      ...more,
    }),
  );
const release = (run = 'run-1') => over((connection) => releaseCordon(connection, ofRun(run), 0));
const cordons = async () => {
  const connection = await connect(sample.host.target);
  try {
    return (await probe(connection, 'lb', noReads, { cluster: 'prod' })).cordons;
  } finally {
    await connection.close();
  }
};
/** What the timer starts. */
const giveBack = (...more: readonly string[]) =>
  sample.host.run('sh', kept('give-back'), 'prod/bbb-01', ...more);

describe('a balancer that is asked for a node', () => {
  const ask = (how: 'how-to-add' | 'how-to-remove') =>
    over((connection) =>
      askBalancer(connection, { ...ofRun(''), program, args: ['bbb-01'], answers: [] }, how),
    );

  it('says what it does with it, and how somebody removes it there; nothing is left behind', async () => {
    expect(await ask('how-to-remove')).toMatchObject({
      ...{ verdict: 'seen', state: 'enabled', holder: '', words: 'how-to-remove by hand' },
    });
    // There is nothing to add.
    expect(await ask('how-to-add')).toMatchObject({ verdict: 'seen', words: '' });
    expect(existsSync(kept(''))).toBe(false);
  });

  it('says whose cordon it is, and leaves it as it is', async () => {
    await takeOut();
    const record = readFileSync(kept('record'), 'utf8');
    expect(await ask('how-to-remove')).toMatchObject({
      ...{ verdict: 'seen', state: 'cordoned', holder: 'alice from laptop', words: 'how-to-remove by hand' },
    });
    expect(readFileSync(kept('record'), 'utf8')).toBe(record);
  });

  it('says that it does not know it, and how somebody adds it there', async () => {
    put('state', 'unknown');
    expect(await ask('how-to-add')).toMatchObject({ verdict: 'unknown', words: 'how-to-add by hand' });
    expect(await takeOut()).toMatchObject({ verdict: 'unknown', words: 'the balancer does not know it' });
    expect(existsSync(kept(''))).toBe(false);
    put('mute', '');
    expect(await ask('how-to-add')).toMatchObject({
      verdict: 'failed',
      words: expect.stringContaining('it is not there'),
    });
  });

  it('has nothing to give back of one that somebody has removed there', async () => {
    await takeOut();
    put('state', 'unknown');
    expect(await release()).toMatchObject({ verdict: 'unknown', words: 'the balancer does not know it' });
    expect(await cordons()).toBe(undefined);
  });

  it('gives back what it was told of one that is removed there by then', async () => {
    await takeOut();
    put('removed', '');
    expect(await release()).toMatchObject({ verdict: 'unknown', words: 'the balancer does not know it' });
    expect(calls()).toContain('enable bbb-01  two words');
    expect(await cordons()).toBe(undefined);
  });
});

describe('a node that is taken out', () => {
  it('is told of by the host, and given back', async () => {
    expect(await takeOut()).toMatchObject({ verdict: 'cordoned', state: 'cordoned', health: 'online' });
    expect(state()).toBe('cordoned');
    expect(calls()).toEqual([
      'state bbb-01  two words',
      'cordon bbb-01  two words',
      'state bbb-01  two words',
    ]);
    expect(await cordons()).toMatchObject([
      { cluster: 'prod', node: 'bbb-01', run: 'run-1', holder: 'alice from laptop', stays: undefined },
    ]);
    expect(await over((connection) => cordonState(connection, ofRun('run-1')))).toMatchObject({
      ...{ verdict: 'cordoned', state: 'cordoned' },
    });
    expect(await release()).toMatchObject({ verdict: 'released', words: '' });
    expect(state()).toBe('enabled');
    expect(await cordons()).toBe(undefined);
    expect(await release()).toMatchObject({ verdict: 'none' });
  });

  it('is opened again for those who are there, by its own run alone', async () => {
    await takeOut();
    const look = (run: string) => over((connection) => cordonState(connection, ofRun(run)));
    put('closed', '');
    await look('run-2');
    expect(existsSync(sample.path('balancer/closed'))).toBe(true);
    expect(await look('run-1')).toMatchObject({ verdict: 'cordoned', state: 'cordoned' });
    expect(existsSync(sample.path('balancer/closed'))).toBe(false);
    expect(calls().slice(-3)).toEqual([
      'state bbb-01  two words',
      'cordon bbb-01  two words',
      'state bbb-01  two words',
    ]);
    const told = calls().length;
    await look('run-1');
    expect(calls()).toHaveLength(told + 1);
  });

  it('stays out as long as it does not answer rightly, and says why', async () => {
    await takeOut();
    nodeIs('inactive');
    expect(await release()).toMatchObject({
      verdict: 'stays',
      words: `${url} does not answer`,
    });
    expect(state()).toBe('cordoned');
    expect(await cordons()).toMatchObject([{ stays: `${url} does not answer` }]);
    nodeIs('active');
    expect(await release()).toMatchObject({ verdict: 'released' });
    expect(state()).toBe('enabled');
  });

  it('is given back by the host itself, but not before the deadline, nor where it is not well', async () => {
    await takeOut('run-1', { seconds: 3_600 });
    await giveBack();
    expect(state()).toBe('cordoned');
    await takeOut('run-1', { seconds: 0 });
    nodeIs('inactive');
    await giveBack();
    expect(state()).toBe('cordoned');
    expect(await cordons()).toHaveLength(1);
    nodeIs('active');
    await giveBack();
    expect(state()).toBe('enabled');
    expect(existsSync(kept('record'))).toBe(false);
  });

  it('is given back by an operator there, at once', async () => {
    await takeOut();
    expect(await giveBack('now')).toBe('bbb-01 released\n');
    expect(state()).toBe('enabled');
  });

  it('stays out for a person to look at, whatever the time, until it is released', async () => {
    await takeOut('run-1', { seconds: 0 });
    await over((connection) => keepCordoned(connection, ofRun('run-1'), 'bbb-01 is stuck'));
    expect(await cordons()).toMatchObject([{ stays: 'bbb-01 is stuck' }]);
    expect(existsSync(sample.path('etc/systemd/system/clusterproxy-cordon-prod:bbb-01.timer'))).toBe(false);
    // Also after a run that has taken it over, and that nobody follows any longer.
    await takeOut('run-2', { seconds: 0 });
    await giveBack();
    expect(state()).toBe('cordoned');
    expect(await cordons()).toMatchObject([{ run: 'run-2', stays: 'bbb-01 is stuck' }]);
    expect(await release('')).toMatchObject({ verdict: 'released' });
    expect(state()).toBe('enabled');
  });

  it('leaves a timer behind only as long as it is out', async () => {
    const timer = sample.path('etc/systemd/system/clusterproxy-cordon-prod:bbb-01.timer');
    await takeOut();
    expect(readFileSync(timer, 'utf8')).toMatch(/^OnCalendar=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/m);
    await release();
    expect(existsSync(timer)).toBe(false);
    expect(existsSync(timer.replace('.timer', '.service'))).toBe(false);
  });
});

describe('a node that is not taken out', () => {
  it('is one that somebody else has taken out: that stays as it is', async () => {
    put('state', 'cordoned');
    expect(await takeOut()).toMatchObject({ verdict: 'kept', state: 'cordoned' });
    expect(calls()).toEqual(['state bbb-01  two words']);
    expect(await cordons()).toBe(undefined);
    expect(await release()).toMatchObject({ verdict: 'none' });
    expect(state()).toBe('cordoned');
  });

  it('is the last that gets people', async () => {
    put('others', '0');
    expect(await takeOut()).toMatchObject({ verdict: 'last' });
    expect(state()).toBe('enabled');
    expect(await cordons()).toBe(undefined);
  });

  it('is one that another run has taken out, as long as that may be going on', async () => {
    await takeOut('run-1');
    expect(await takeOut('run-2')).toMatchObject({ verdict: 'others', holder: 'alice from laptop' });
    // Nobody has asked for it for some minutes.
    utimesSync(kept('seen'), new Date(), new Date(Date.now() - 200_000));
    expect(await takeOut('run-2')).toMatchObject({ verdict: 'cordoned' });
    expect(await release('run-1')).toMatchObject({ verdict: 'others' });
    expect(await release('run-2')).toMatchObject({ verdict: 'released' });
    expect(state()).toBe('enabled');
  });

  it('is one of a balancer that can not be asked, or goes on sending people there', async () => {
    put('mute', '');
    expect(await takeOut()).toMatchObject({ verdict: 'failed', words: 'it is not there' });
    spawnSync('rm', [sample.path('balancer/mute')]);
    put('deaf', '');
    expect(await takeOut()).toMatchObject({
      verdict: 'failed',
      words: 'it was told to send no more people there, but goes on',
    });
    expect(await cordons()).toBe(undefined);
    expect(existsSync(sample.path('var/lib/clusterproxy/cordons/prod'))).toBe(false);
  });

  it('was made something else by somebody else meanwhile: it is left to them', async () => {
    await takeOut();
    put('state', 'maintenance');
    expect(await release()).toMatchObject({
      verdict: 'kept',
      words: 'somebody else has made it maintenance',
    });
    expect(state()).toBe('maintenance');
    expect(await cordons()).toBe(undefined);
  });

  it('is of another machine', async () => {
    const other = over((connection) => cordonState(connection, { ...ofRun('run-1'), machineId: 'another' }));
    await expect(other).rejects.toMatchObject({ problem: { code: 'another-machine' } });
  });
});
