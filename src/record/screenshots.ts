import { readFile, stat } from 'node:fs/promises';
import type { ReportDocument, ReportPicture } from '../report/document/schema.ts';

/** So large may the pictures in one report be, each and together; a page with more is slow to open. Bytes. */
const most = { each: 2 * 1024 * 1024, all: 12 * 1024 * 1024 };

/** The beginning of every PNG (ISO/IEC 15948, 5.2). */
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

type Screenshots = NonNullable<ReportDocument['browser']>['screenshots'];

/** The pictures that a browser took, for a report that has them in it; or why one is not. */
export async function screenshotsIn(
  screenshots: Screenshots | undefined,
  limits: typeof most = most,
): Promise<Pick<ReportPicture, 'screenshots'>> {
  if (screenshots === undefined || screenshots.length === 0) return {};
  let left = limits.all;
  const shown: NonNullable<ReportPicture['screenshots']> = [];
  for (const { host, file } of screenshots) {
    const content = await contentOf(file, Math.min(left, limits.each));
    if (typeof content === 'string') {
      shown.push({ host, file, why: content });
      continue;
    }
    left -= content.length;
    shown.push({ host, file, image: `data:image/png;base64,${content.toString('base64')}` });
  }
  return { screenshots: shown };
}

async function contentOf(file: string, limit: number): Promise<Buffer | string> {
  try {
    if ((await stat(file)).size > limit) return 'too large for this page';
    const content = await readFile(file);
    return content.subarray(0, signature.length).equals(signature) ? content : 'not a PNG';
  } catch {
    return 'it could not be read';
  }
}
