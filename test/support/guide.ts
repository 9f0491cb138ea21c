import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const guide = readFileSync(`${import.meta.dirname}/../../docs/your-own-playbook.md`, 'utf8');

/** The files in docs/your-own-playbook.md: each code block whose first line is a comment with a file name. */
export async function writeGuide(folder: string): Promise<readonly string[]> {
  const blocks = [...guide.matchAll(/^```\w+\n(?:#|\/\/) ([\w./-]+)\n([\s\S]*?)^```$/gm)];
  for (const [, name = '', text = ''] of blocks) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return blocks.map(([, name = '']) => name);
}
