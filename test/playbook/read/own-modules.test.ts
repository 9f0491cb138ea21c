import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OperatorErrors } from '../../../src/model/operator-error.ts';
import { loadPlaybook } from '../../../src/playbook/read/load.ts';
import { checkPlaybook } from '../../../src/run/check-playbook.ts';
import { writeGuide } from '../../support/guide.ts';
import { stageOf } from '../../support/host-plan.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modules-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const playbook = (modules: string, step = 'motd: {text: hello}') => `
name: mine
description: for tests
modules: ${modules}
roles:
  node:
    description: a host
    steps:
      - id: message
        ${step}
`;
const motd = (apply: string, name = 'motd') => `export default ({ z }) => ({
  name: '${name}',
  description: 'a message',
  parameters: z.strictObject({ text: z.string() }),
  reads: () => ({ paths: ['/etc/motd', '/etc'] }),
  apply: (host, { text }) => { ${apply} },
});
`;
const whole = "host.manage({ path: '/etc/motd', format: 'file', key: [] }); host.write('/etc/motd', text);";

async function mistakes(): Promise<readonly string[]> {
  try {
    await loadPlaybook('./mine.yaml', folder);
  } catch (error) {
    if (!(error instanceof OperatorErrors)) throw error;
    return error.problems.map(
      ({ code, message, location }) => `${code} ${location?.line}:${location?.column} ${message}`,
    );
  }
  return [];
}

describe('a step module beside a playbook', () => {
  it('is used as a built-in one', async () => {
    write('motd.mjs', motd(whole));
    write('mine.yaml', playbook('[motd.mjs]'));
    const { hosts } = await checkPlaybook('./mine.yaml', folder);
    expect(hosts.map(({ plan }) => plan.problem)).toEqual([undefined, undefined]);
    expect(stageOf(hosts[0]?.plan).changes.map(({ path }) => path)).toEqual(['/etc/motd']);
  });

  it('has its parameters checked, with their places', async () => {
    write('motd.mjs', motd(whole));
    write('mine.yaml', playbook('[motd.mjs]', 'motd: {txt: hello}'));
    expect((await mistakes()).join()).toMatch(/unknown-key 10:\d+ .*txt/);
  });

  it('is refused where it changes something each time, and where it fails, by its file', async () => {
    write('motd.mjs', motd("host.write('/etc/motd', (host.text('/etc/motd') ?? '') + text);"));
    write('mine.yaml', playbook('[motd.mjs]'));
    const restless = await checkPlaybook('./mine.yaml', folder);
    expect(restless.hosts[0]?.plan.problem).toMatchObject({ code: 'not-idempotent', step: 'message' });
    write('other.mjs', motd('host.nothing();', 'other'));
    write('mine.yaml', playbook('[other.mjs]', 'other: {text: hello}'));
    const failing = await checkPlaybook('./mine.yaml', folder);
    expect(failing.hosts[0]?.plan.problem).toMatchObject({ code: 'module-failed', step: 'message' });
    expect(failing.hosts[0]?.plan.problem?.next).toContain(join(folder, 'other.mjs'));
  });

  it('makes a saved plan out of date when it changes', async () => {
    write('motd.mjs', motd(whole));
    write('mine.yaml', playbook('[motd.mjs]'));
    const { text } = await loadPlaybook('./mine.yaml', folder);
    expect(text).toContain("name: 'motd'");
  });

  it.each([
    ['that is not there', 'none.mjs', '', /can't be read/],
    ['elsewhere', '../motd.mjs', '', /outside the playbook's directory/],
    ['in another language', 'motd.py', 'x', /not a module file/],
    ['with a mistake', 'motd.mjs', 'export default (', /can't be loaded/],
    ['without a function', 'motd.mjs', 'export const x = 1;', /no default export/],
    ['with the name of a built-in one', 'motd.mjs', motd(whole, 'file'), /file already, which is built in/],
    ['with the name of a key', 'motd.mjs', motd(whole, 'notify'), /can't be called notify/],
    [
      'without parameters',
      'motd.mjs',
      "export default () => ({ name: 'a', description: '' });",
      /needs parameters/,
    ],
  ])('in a file %s is refused where it is named', async (_what, file, text, message) => {
    if (text !== '') write(file, text);
    write('mine.yaml', playbook(`[${file}]`));
    const [first] = await mistakes();
    expect(first).toMatch(/^invalid-module 4:11 /);
    expect(first).toMatch(message);
  });

  it('in a file that a link leads to, out of the playbook’s folder, is refused', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'clusterproxy-outside-'));
    writeFileSync(join(outside, 'motd.mjs'), motd(whole));
    symlinkSync(join(outside, 'motd.mjs'), join(folder, 'linked.mjs'));
    write('mine.yaml', playbook('[linked.mjs]'));
    expect((await mistakes()).join()).toMatch(/^invalid-module 4:11 .* outside the playbook's directory/);
    rmSync(outside, { recursive: true });
  });

  it('in TypeScript is used where Node strips types, else refused with what to do', async () => {
    write('motd.mts', motd(whole).replace('({ z })', '({ z }: any)'));
    write('mine.yaml', playbook('[motd.mts]'));
    const { typescript } = process.features as { readonly typescript?: unknown };
    if (typescript) expect(await mistakes()).toEqual([]);
    else expect((await mistakes()).join()).toContain(`this Node (${process.version}) can't run`);
  });
});

describe('docs/your-own-playbook.md', () => {
  it('leads to a playbook that is fit for use', async () => {
    const files = await writeGuide(folder);
    expect(files).toEqual([
      'turn.yaml',
      'turnserver.conf.liquid',
      'calls.sh',
      'prod.yaml',
      'steps/sysctl.js',
    ]);
    const { hosts } = await checkPlaybook('./turn.yaml', folder);
    expect(hosts.map(({ plan }) => plan.problem)).toEqual([undefined, undefined]);
    expect(hosts.flatMap(({ untried }) => untried)).toEqual([]);
  });
});
