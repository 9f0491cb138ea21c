import { z } from 'zod';
import { providesNothing, type Unpacking } from '../../model/action.ts';
import { absolutePath, directoryOf, ownership } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';

const optional = z.string().default('');

const parameters = z
  .strictObject({
    url: optional
      .refine(
        (url) => url === '' || /^https?:\/\/[^\s"'\\]+$/.test(url),
        'expected an address that starts with https://',
      )
      .describe('where the host downloads it, with curl or wget'),
    file: optional.describe('a file on the machine on which clusterproxy runs, relative to the inventory'),
    path: z
      .union([z.literal(''), absolutePath])
      .default('')
      .describe('a file that is already on the host'),
    sha256: z
      .string()
      .regex(
        /^[0-9a-fA-F]{64}$/,
        'expected the sha256 of the archive: 64 hexadecimal digits, as sha256sum prints them',
      )
      .transform((sum) => sum.toLowerCase()),
    directory: absolutePath
      .refine(
        (path) => path.split('/').length > 2,
        'expected a directory below a system directory, not a system directory itself',
      )
      .describe('belongs entirely to the archive: whatever was unpacked there before is replaced'),
    strip: z.int().min(0).max(10).default(0).describe('how many leading parts of names to drop'),
    user: ownership.user.unwrap().default('root'),
    group: ownership.group.unwrap().default('root'),
    timeout: z.number().min(10).max(7200).default(900).describe('seconds for downloading and unpacking'),
  })
  .refine(({ url, file, path }) => [url, file, path].filter((one) => one !== '').length === 1, {
    message: 'expected exactly one of url, file and path',
  });

type ArchiveParameters = z.infer<typeof parameters>;

/**
 * An archive unpacked once into its own directory, where a file records which archive it is. Another archive
 * replaces everything there. This is an action: a revert leaves it in place.
 */
export const archive: StepModule<ArchiveParameters> = {
  name: 'archive',
  description: 'an archive, unpacked into its own directory',
  parameters,
  localFiles: ['file'],
  reads: ({ directory }) => ({ paths: [markerIn(directory), directory, directoryOf(directory)] }),
  apply: (host, wanted) => {
    const marker = markerIn(wanted.directory);
    // Unpacked by an action of this plan.
    if (host.state(marker).kind === 'pending') return;
    const mark = markOf(wanted);
    if (host.text(marker)?.trim() === mark) return;
    if (host.state(wanted.directory).kind === 'symlink') {
      throw host.problem(
        'not-a-directory',
        `${wanted.directory} is a symbolic link, which is not replaced`,
        'name the directory to which it leads, or remove the link',
      );
    }
    const there = host.exists(wanted.directory);
    host.action({
      name: `unpack ${wanted.directory}`,
      run: { kind: 'unpack', ...unpacking(wanted, marker, mark) },
      unless: undefined,
      provides: { ...providesNothing, renews: [wanted.directory, marker] },
      timeout: wanted.timeout,
      notes: [
        `only if its sha256 is ${wanted.sha256}`,
        ...(there ? [`what was unpacked there before is replaced`] : []),
      ],
    });
  },
};

function markerIn(directory: string): string {
  return `${directory}/.clusterproxy-archive`;
}

function markOf({ sha256, strip, user, group }: ArchiveParameters): string {
  return `sha256 ${sha256}, strip ${strip}, owner ${user}:${group}`;
}

function unpacking(wanted: ArchiveParameters, marker: string, mark: string): Unpacking {
  const { sha256, directory, strip, user, group } = wanted;
  return { source: sourceOf(wanted), sha256, directory, strip, user, group, marker, mark };
}

function sourceOf({ url, file, path }: ArchiveParameters): Unpacking['source'] {
  if (url !== '') return { kind: 'url', url };
  return file === '' ? { kind: 'host', path } : { kind: 'upload', file };
}
