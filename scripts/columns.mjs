// Checks that no line of a page or comment is longer than 110 columns: node scripts/columns.mjs
// Tables, code blocks and lines without spaces (links, commands) can't be wrapped and are skipped.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const limit = 110;
const comment = {
  ts: /^\s*(\/\/|\/?\*)/,
  mjs: /^\s*(\/\/|\/?\*)/,
  js: /^\s*(\/\/|\/?\*)/,
  sh: /^\s*#/,
  yaml: /^\s*#/,
};

const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0');
const found = files.flatMap((file) => {
  const kind = /\.(md|ts|mjs|js|sh|yaml)$/.exec(file)?.[1];
  if (kind === undefined || file.startsWith('playbooks/samples/')) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  const wrappable = kind === 'md' ? paragraphs(lines) : lines.map((line) => comment[kind].test(line));
  return lines.flatMap((line, index) =>
    wrappable[index] && [...line].length > limit && line.trim().includes(' ', 4)
      ? [`${file}:${index + 1}: ${[...line].length} columns`]
      : [],
  );
});
for (const line of found) console.error(line);
if (found.length > 0)
  console.error(`${found.length} lines of pages or comments are longer than ${limit} columns`);
process.exitCode = found.length === 0 ? 0 : 1;

/** Which lines belong to a paragraph or a list, rather than to a table or a code block. */
function paragraphs(lines) {
  let fenced = false;
  return lines.map((line) => {
    if (/^\s*```/.test(line)) fenced = !fenced;
    return !fenced && !/^\s*(```|\||<!--|#)/.test(line);
  });
}
