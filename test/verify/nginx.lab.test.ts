import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { type Cluster, startCluster } from '../e2e/cluster.ts';
import { noLab, useLab } from '../e2e/lab.ts';
import { documented } from './fault-table.ts';

/** Lines that somebody adds to the proxy's nginx, and which check finds them. */
interface Fault {
  readonly name: string;
  /** a file of its own, in the folder of the cluster's locations or in conf.d */
  readonly path: string;
  readonly text: string;
  readonly found: string;
  /** what it must be told by */
  readonly words: string;
}

const within = '/etc/nginx/clusterproxy/passed/extra.conf';
const beside = '/etc/nginx/conf.d/extra.conf';
const faults: readonly Fault[] = [
  {
    name: 'a location by a regular expression leads to internal machines',
    path: within,
    text: 'resolver 127.0.0.1;\nlocation ~ ^/([^/]+)/html5client/ { proxy_pass https://$1; }\n',
    found: 'nginx-passes',
    words: `${within}:2: proxy_pass https://$1 in location ~ ^/([^/]+)/html5client/`,
  },
  {
    name: "`proxy_pass` has a variable of the client's",
    path: within,
    text: 'location /fetch { proxy_pass http://$arg_to; }\n',
    found: 'nginx-passes',
    words: `${within}:1: proxy_pass http://$arg_to`,
  },
  {
    name: "the proxy's own server block passes on something else",
    path: within,
    text: 'location /wiki/ { proxy_pass http://127.0.0.1:8099; }\n',
    found: 'nginx-passes',
    words: "it isn't one of the cluster's own locations",
  },
  {
    name: '`Content-Security-Policy` lacks what the client needs',
    path: beside,
    text: `add_header Content-Security-Policy "default-src 'self'";\n`,
    found: 'nginx-headers',
    words: `${beside}:1: add_header Content-Security-Policy`,
  },
  {
    name: '`Permissions-Policy` takes the camera',
    path: beside,
    text: '# privacy\nadd_header Permissions-Policy "camera=(), geolocation=()" always;\n',
    found: 'nginx-headers',
    words: `${beside}:2: add_header Permissions-Policy`,
  },
];

describe.skipIf(noLab)("verify of a proxy's nginx on real hosts", () => {
  const lab = useLab();
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster(lab(), { name: 'passed', nodes: ['3.0.28'], hasty: true });
    const { code, stderr } = await cluster.run('apply', '--yes');
    expect([code, stderr.match(/error .*/)?.[0]]).toEqual([0, undefined]);
  });

  const often = process.env.CLUSTERPROXY_LONG ? 50 : 3;

  it(`finds nothing wrong with a sound proxy, ${often} times in a row`, async () => {
    for (let times = 0; times < often; times += 1) {
      const { code, document } = await cluster.json('verify', '--limit', cluster.proxy.name);
      expect(notPassed(document)).toEqual([]);
      expect(code).toBe(0);
    }
  });

  describe('one fault at a time', () => {
    let path = '';
    afterEach(() => cluster.proxy.mustExec(`rm -f ${path} && nginx -s reload`));

    it.each(faults)('$name', async (fault) => {
      const warnings = async () => {
        const { code, document } = await cluster.json('check', '--limit', cluster.proxy.name);
        return { code, told: document.hosts.flatMap((host) => host.warnings ?? []).join('; ') };
      };
      path = fault.path;
      await cluster.proxy.writeFile(path, fault.text);
      await cluster.proxy.mustExec('nginx -t -q && nginx -s reload');
      const { code, document } = await cluster.json('verify', '--limit', cluster.proxy.name);
      expect(notPassed(document)).toEqual([fault.found]);
      expect(code).toBe(4);
      expect(document.checks?.find(({ id }) => id === fault.found)?.found).toContain(fault.words);
      // Nothing differs from the plan, and so it's a warning there.
      const { code: status, told } = await warnings();
      expect(status).toBe(0);
      expect(told).toContain(fault.words);
    });
  });

  it('is written down for operators', () => {
    documented(
      'nginx',
      faults.map(({ name, found }) => ({ fault: name, found: [`verify ${found}`] })),
    );
  });
});

/** What failed or could not be asked. */
function notPassed({ checks = [] }: ReportDocument): readonly string[] {
  return checks
    .filter(({ outcome }) => outcome !== 'passed' && outcome !== 'not-applicable')
    .map(({ id }) => id);
}
