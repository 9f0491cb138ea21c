import { z } from 'zod';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath, attributesOf, directoryOf, ownership } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';

const kinds = ['content', 'template', 'absent', 'directory', 'link'] as const;

const parameters = z
  .strictObject({
    path: absolutePath.describe('the file, directory or link'),
    content: z.string().optional().describe('the whole text of the file'),
    template: z
      .string()
      .optional()
      .describe('a Liquid template beside the playbook; its output is the whole text of the file'),
    absent: z.literal(true).optional().describe('true: nothing may exist there'),
    directory: z.literal(true).optional().describe('true: a directory must exist there'),
    link: z.string().min(1).optional().describe('where the symbolic link must point'),
    ...ownership,
  })
  .refine((given) => kinds.filter((kind) => given[kind] !== undefined).length === 1, {
    message: `expected exactly one of ${kinds.join(', ')}`,
  });

type FileParameters = z.infer<typeof parameters>;

/**
 * A whole file, directory or link, managed entirely: whatever somebody else writes into it is drift. For a
 * file that contains keys of others, use the module of its format. A `template` is rendered before the step
 * sees it, and is passed as `content`.
 */
export const file: StepModule<FileParameters> = {
  name: 'file',
  description: 'a whole file, directory or symbolic link',
  parameters,
  takesTemplate: true,
  reads: ({ path }) => ({ paths: [path, directoryOf(path)] }),
  writes: ({ path }) => [path],
  apply: (host, wanted) => {
    host.manage(wholePath(wanted.path));
    put(host, wanted);
  },
};

function put(host: StepHost, wanted: FileParameters): void {
  const { path, content, link } = wanted;
  const attributes = attributesOf(wanted);
  if (content !== undefined) host.write(path, content, attributes);
  else if (wanted.directory) host.makeDirectory(path, attributes);
  else if (link !== undefined) host.link(path, link);
  else if (wanted.absent) remove(host, path);
  else throw new Error(`the template ${wanted.template} of ${path} was not rendered`);
}

function remove(host: StepHost, path: string): void {
  if (host.state(path).kind === 'directory') {
    throw host.problem(
      'not-a-file',
      `${path} is a directory; clusterproxy doesn't remove it`,
      'remove it by hand',
    );
  }
  host.remove(path);
}
