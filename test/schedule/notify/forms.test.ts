import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NotifyMessage } from '../../../src/model/notify.ts';
import { bodyOf, type Form, templateBody } from '../../../src/schedule/notify/bodies.ts';
import type { Target } from '../../../src/schedule/notify/notifying.ts';
import { tell, waitingOf } from '../../../src/schedule/notify/tell.ts';
import { host, look, notifying, receiver, webhook } from './receiver.ts';

const item = (severity: 'page' | 'ticket', text: string) =>
  ({ change: 'new', severity, host: 'a', kind: 'drift', what: '/x', text }) as const;
const message: NotifyMessage = {
  ...{ schemaVersion: 1, id: 'msg_1', at: '2026-11-26T10:00:00.000Z', cluster: 'prod', severity: 'page' },
  title: '[page] cluster prod: 2 new',
  items: [item('page', 'a: people & <them> are answered wrongly'), item('ticket', 'a: /x is not as planned')],
  ...{ more: 3, dropped: 1 },
};
const lines = [
  'page: a: people & <them> are answered wrongly',
  'ticket: a: /x is not as planned',
  'and 3 more',
  'messages that were given up before this one: 1',
];
const bodies = (form: Form) => JSON.parse(bodyOf(form, message));

describe('ready-made forms', () => {
  it('json is the message itself', () => expect(bodies('json')).toEqual(message));

  // https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: an object with `text`, in
  // which & < > are written as entities.
  it('slack', () =>
    expect(bodies('slack')).toEqual({
      text: [
        message.title,
        'page: a: people &amp; &lt;them&gt; are answered wrongly',
        ...lines.slice(1),
      ].join('\n'),
    }));

  // https://developers.mattermost.com/integrate/webhooks/incoming: an object with `text`, in Markdown.
  it('mattermost', () =>
    expect(bodies('mattermost')).toEqual({
      text: `#### ${message.title}\n\`\`\`\n${lines.join('\n')}\n\`\`\``,
    }));

  // https://matrix-org.github.io/matrix-hookshot/latest/setup/webhooks.html: an object with `text`.
  it('matrix', () => expect(bodies('matrix')).toEqual({ text: [message.title, ...lines].join('\n') }));

  // https://learn.microsoft.com/connectors/teams, "post a card": type, attachments, contentType, content;
  // a card has type, version and body, https://adaptivecards.io/explorer/AdaptiveCard.html
  it('teams', () => {
    const body = bodies('teams');
    expect(body).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: { type: 'AdaptiveCard', version: '1.4' },
        },
      ],
    });
    const blocks: { type: string; text: string; wrap: boolean }[] = body.attachments[0].content.body;
    expect(blocks.map(({ text }) => text)).toEqual([message.title, ...lines]);
    expect(new Set(blocks.map(({ type, wrap }) => `${type} ${wrap}`))).toEqual(new Set(['TextBlock true']));
  });

  it('a template gets the message and its text', async () => {
    const template = '{{ message.cluster }}: {{ message.items.size }}\n{{ text }}';
    expect(await templateBody(template, message)).toBe(['prod: 2', ...lines].join('\n'));
  });
});

const drifted = look([host('a', 'would-change', ['/x'])]);

describe('a command', () => {
  async function told(script: string, words: readonly string[] = ['./told', 'two words'], limit = 20_000) {
    const clock = { now: Date.parse('2026-11-26T10:00:00Z') };
    const given = notifying({}, clock, limit);
    const { folder } = given;
    writeFileSync(join(folder, 'told'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'told'), 0o755);
    const way = { kind: 'command', words, folder } as const;
    const known = { key: 'command-1', kind: 'command', print: '1' } as const;
    const target: Target = {
      ...{ known, name: 'it', severities: ['page', 'ticket'] },
      way: () => Promise.resolve(way),
    };
    const one = { ...given, targets: [target] };
    const notes = await tell(drifted, one);
    const [waiting] = await waitingOf(one.targets, folder);
    return { notes, waiting: waiting?.waiting, folder };
  }

  it('gets the message on standard input, in the folder of the inventory', async () => {
    const { notes, waiting, folder } = await told('echo "$1" >word; cat >message');
    expect([notes, waiting]).toEqual([[], 0]);
    expect(readFileSync(join(folder, 'word'), 'utf8')).toBe('two words\n');
    expect(JSON.parse(readFileSync(join(folder, 'message'), 'utf8'))).toMatchObject({
      ...{ schemaVersion: 1, severity: 'ticket', cluster: 'prod' },
      items: [{ host: 'a', what: '/x', text: 'a: /x is not as planned' }],
    });
  });

  it.each([
    ['that reads nothing', 'exit 0', [], 0],
    ['that fails', 'exit 7', ['it: it ended with status 7; messages that wait: 1'], 1],
    ['that is killed', 'kill -TERM $$', ['it: it ended with SIGTERM; messages that wait: 1'], 1],
    [
      'that hangs, with all that it has started',
      'sleep 60 & echo $! >pid; wait',
      ['it: it took longer than 0.4 s; messages that wait: 1'],
      1,
    ],
  ])('%s', async (_, script, notes, waiting) => {
    const ended = await told(script, undefined, script.includes('sleep') ? 400 : undefined);
    expect(ended).toMatchObject({ notes, waiting });
    const pid = join(ended.folder, 'pid');
    if (!existsSync(pid)) return;
    const number = readFileSync(pid, 'utf8').trim();
    await expect
      .poll(() => {
        // Whoever was killed may be there until its new parent has noticed.
        const status = existsSync(`/proc/${number}/stat`)
          ? readFileSync(`/proc/${number}/stat`, 'utf8')
          : ') Z';
        return status.split(') ')[1]?.[0];
      })
      .toBe('Z');
    rmSync(pid);
  });

  it('that is not there', async () => {
    const { notes, waiting } = await told('', ['./nobody']);
    expect([notes, waiting]).toEqual([["it: it can't be run (ENOENT); messages that wait: 1"], 1]);
  });
});

describe('where nothing can be written', () => {
  it('each is told at once, and nobody says that all is well', async () => {
    const hook = await receiver((number) => (number === 1 ? 503 : 200));
    const given = notifying({ hook: webhook(hook.url) }, { now: Date.parse('2026-11-26T10:00:00Z') });
    writeFileSync(join(given.folder, 'notify'), '');
    const unwritten =
      "what people are told can't be written down (a part of its path is not a folder): they are told at once";
    expect(await tell(drifted, given)).toEqual([unwritten, 'hook: it answered with status 503']);
    expect(await tell(drifted, given)).toEqual([unwritten]);
    // A process that goes on, as one that watches does, remembers it.
    expect(await tell(drifted, given)).toEqual([unwritten]);
    expect(hook.all.map(({ body }) => JSON.parse(body).items[0].what)).toEqual(['/x', '/x']);
  });
});
