import { Liquid } from 'liquidjs';
import type { NotifyMessage } from '../../model/notify.ts';
import { linesOf, textOf } from './message.ts';

export type Form = 'json' | 'slack' | 'mattermost' | 'matrix' | 'teams';

/** What is sent in a ready-made form. */
export function bodyOf(form: Form, message: NotifyMessage): string {
  const text = `${message.title}\n${textOf(message)}`;
  switch (form) {
    case 'json':
      return JSON.stringify(message);
    case 'slack':
      // https://docs.slack.dev/messaging/formatting-message-text: these three are escaped, nothing else.
      return JSON.stringify({ text: escaped(text) });
    case 'mattermost':
      return JSON.stringify({ text: `#### ${message.title}\n\`\`\`\n${textOf(message)}\n\`\`\`` });
    case 'matrix':
      // A generic webhook of matrix-hookshot.
      return JSON.stringify({ text });
    case 'teams':
      // A workflow "when a webhook request is received" takes a message with an Adaptive Card.
      return JSON.stringify({
        type: 'message',
        attachments: [
          {
            contentType: 'application/vnd.microsoft.card.adaptive',
            content: {
              ...{ $schema: 'http://adaptivecards.io/schemas/adaptive-card.json', type: 'AdaptiveCard' },
              version: '1.4',
              body: [
                { type: 'TextBlock', text: message.title, weight: 'Bolder', wrap: true },
                ...linesOf(message).map((line) => ({ type: 'TextBlock', text: line, wrap: true })),
              ],
            },
          },
        ],
      });
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const liquid = new Liquid({
  ...{ strictVariables: true, strictFilters: true, ownPropertyOnly: true, templates: {} },
  ...{ renderLimit: 5_000, memoryLimit: 10_000_000 },
});

/** What a template of the operator's makes of a message; `message` and `text` are its variables. */
export async function templateBody(template: string, message: NotifyMessage): Promise<string> {
  return String(await liquid.parseAndRender(template, { message, text: textOf(message) }));
}
