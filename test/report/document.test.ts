import { describe, expect, it } from 'vitest';
import { withLast } from '../../src/model/plan.ts';
import { DocumentMaker } from '../../src/report/document/document.ts';
import { reportSchema } from '../../src/report/document/schema.ts';
import { renderJson } from '../../src/report/json/render.ts';
import { SecretRegister } from '../../src/secrets/register.ts';
import { documentOf, documentOfPlan } from './documents.ts';
import {
  clusterPlan,
  fileChange,
  hostPlan,
  hostResult,
  nodePlan,
  reloadNginx,
  restartWeb,
  runResult,
} from './plans.ts';

describe('the document that a command is told by', () => {
  it('hides a secret that has become known since the same plan was told before', () => {
    const secret = 'correct horse battery';
    const register = new SecretRegister();
    const maker = new DocumentMaker(register);
    const result = runResult([hostResult(hostPlan('bbb-01', { guards: [busyWith(secret)] }), 'in-sync')]);
    expect(renderJson(maker.make(result))).toContain(secret);
    register.add(secret);
    expect(renderJson(maker.make(result))).not.toContain(secret);
  });

  it('tells what is done at the end of the run from what is done before', () => {
    const later = hostPlan('proxy-1', {
      changes: [fileChange('/etc/nginx/nodes.conf', 'a\nb\n', 'a\n')],
      handlers: [reloadNginx],
    });
    const plan = clusterPlan([withLast(nodePlan('proxy-1', { leftovers: true, undoes: 'R0' }), later)]);
    const document = documentOfPlan(plan, {
      force: true,
      hostnames: new Map([['proxy-1', 'proxy.example.com']]),
    });
    expect(reportSchema.strict().parse(document)).toEqual(document);
    expect(document.force).toBe(true);
    const [host] = document.hosts;
    expect(host).toMatchObject({
      ...{ hostname: 'proxy.example.com', undoes: 'R0', leftovers: true, last: {} },
      stages: [{ number: 1 }, { number: 2, last: true }],
    });
    expect(host?.changes.map(({ stage, last }) => [stage, last])).toEqual([
      [1, undefined],
      [2, true],
    ]);
    expect(host?.handlers).toMatchObject([
      { id: 'restart-bbb-web', kinds: ['restart'], checks: [expect.any(String), expect.any(String)] },
      { id: 'reload-nginx', kinds: ['reload'], validate: 'nginx -t', timeout: 90, last: true },
    ]);
  });

  it('has the handlers that ran in the order in which they did', () => {
    const plan = nodePlan('bbb-01', { handlers: [reloadNginx, restartWeb] });
    const ran = ['restart-bbb-web', 'reload-nginx', 'of-an-earlier-run'];
    const { hosts } = documentOf(runResult([hostResult(plan, 'changed', { ran })]));
    expect(hosts[0]?.ran).toEqual(ran);
    expect(hosts[0]?.handlers.map((handler) => handler.ran)).toEqual([true, true]);
  });

  it('says where a place is in a line whose control characters are written out', () => {
    const location = { file: 'a.yaml', line: 1, column: 3, text: '\u001b:x' };
    const { errors } = documentOf(runResult([]), { errors: [{ code: 'x', message: 'y', location }] });
    expect(errors?.[0]?.location).toEqual({ ...location, text: '^[:x', textColumn: 4 });
  });
});

function busyWith(words: string) {
  return { guard: 'meetings', state: 'busy', sessions: [{ words }] } as const;
}
