import { z } from 'zod';
import { settingTopics } from '../../model/setting.ts';
import { inventoryOrigins } from '../../model/taken-inventory.ts';

export const inventoryFile = z
  .object({
    path: z.string().describe('absolute'),
    from: z
      .enum(inventoryOrigins)
      .describe(
        'option: --inventory; variable: CLUSTERPROXY_INVENTORY; found: it lies in the working folder or above',
      ),
  })
  .describe('of every command over an inventory but support: which file it took, and why');

export const setting = z.object({
  topic: z.enum(settingTopics),
  name: z.string(),
  value: z.string().optional().describe('left out: there is none, or the variable is not set'),
  why: z.string().describe('what it is from, or what follows from it'),
});

export const jsonSchema = z.object({
  name: z.string(),
  describes: z.string(),
  file: z.string().optional().describe('the file that was written'),
  line: z.string().optional().describe('the comment at the head of a YAML file that names it to an editor'),
});

export const page = z.object({
  name: z.string(),
  title: z.string(),
  about: z.string(),
  text: z.string().optional().describe('Markdown; only of the page that was asked for'),
});
