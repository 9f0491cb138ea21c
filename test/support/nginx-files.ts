import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ConfigurationFiles } from '../../src/formats/nginx.ts';

/** Files of this machine, for a pattern in whose last part only is a `*`. */
export const realFiles: ConfigurationFiles = {
  file: (path) =>
    existsSync(path) ? { path: realpathSync(path), text: readFileSync(path, 'utf8') } : undefined,
  glob: (pattern) => {
    const [before = '', after = ''] = pattern.slice(dirname(pattern).length + 1).split('*');
    return readdirSync(dirname(pattern))
      .filter((name) => name.startsWith(before) && name.endsWith(after) && !name.startsWith('.'))
      .sort()
      .map((name) => join(dirname(pattern), name));
  },
};
