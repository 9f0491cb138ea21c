import { stringify } from 'yaml';
import type { Scraped } from '../../model/scraped.ts';
import type { Probes } from './probes.ts';

/** A part of a program's configuration file, as plain data, with what people should know above it. */
export interface Configuration {
  readonly comment: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
}

/** The part as YAML, with its comment above it. */
export function configurationText({ comment, data }: Configuration): string {
  return `${comment.map((line) => `# ${line}\n`).join('')}${stringify(data, { lineWidth: 0 })}`;
}

/** For Prometheus: what blackbox_exporter at `exporter` is to ask. */
export function prometheusPart(
  { probes }: Pick<Probes, 'probes'>,
  { cluster, exporter }: { readonly cluster: string; readonly exporter: string },
): Configuration {
  const job = {
    job_name: `clusterproxy-nodes-${cluster}`,
    metrics_path: '/probe',
    static_configs: probes.map(({ url, module, host, role, check }) => ({
      targets: [url],
      labels: { __param_module: module, cluster, host, role, check },
    })),
    relabel_configs: [
      { source_labels: ['__address__'], target_label: '__param_target' },
      { source_labels: ['__address__'], target_label: 'instance' },
      { target_label: '__address__', replacement: exporter },
    ],
  };
  return {
    comment: [
      `For prometheus.yml: each node of ${cluster}, asked through its door.`,
      `Asked by blackbox_exporter at ${exporter}, with the modules of \`clusterproxy monitoring blackbox\`.`,
    ],
    data: { scrape_configs: [job] },
  };
}

/** For blackbox_exporter: how these are asked. */
export function blackboxPart({ modules }: Pick<Probes, 'modules'>, cluster: string): Configuration {
  return {
    comment: [`For blackbox.yml: how the nodes of ${cluster} are asked through its door.`],
    data: { modules },
  };
}

/** Where nginx-prometheus-exporter tells what it has read from nginx, by its own default. */
const nginxExporter = '127.0.0.1:9113';

/** For whatever collects metrics on the door itself: the proxy's own. */
export function agentPart(
  { port, path, format, sections }: Scraped,
  { cluster, host, role }: { readonly cluster: string; readonly host: string; readonly role: string },
): Configuration {
  const own = `127.0.0.1:${port}`;
  const isTranslated = format === 'stub_status';
  const job = {
    job_name: `clusterproxy-door-${cluster}`,
    metrics_path: isTranslated ? '/metrics' : path,
    static_configs: [{ targets: [isTranslated ? nginxExporter : own], labels: { cluster, host, role } }],
    relabel_configs: [{ target_label: 'instance', replacement: host }],
    ...(sections === undefined ? {} : { metric_relabel_configs: withoutOthers(sections) }),
  };
  return {
    comment: [
      `For the Prometheus or the agent on ${host} itself: nobody else reaches 127.0.0.1 there.`,
      ...(isTranslated
        ? [
            'nginx-prometheus-exporter translates what nginx tells:',
            `prometheus-nginx-exporter --nginx.scrape-uri=http://${own}${path} --web.listen-address=${nginxExporter}`,
            'Its service on Debian takes these two words from ARGS in /etc/default/prometheus-nginx-exporter.',
          ]
        : []),
    ],
    data: { scrape_configs: [job] },
  };
}

/**
 * Two clusters that share a proxy are asked at a port each, and get the series of both. Prometheus has no
 * expression for "all but": what belongs to this cluster is marked first. Source: its page on
 * metric_relabel_configs, whose expressions match the whole of what they are held against.
 */
function withoutOthers({ own, all }: NonNullable<Scraped['sections']>): readonly Record<string, unknown>[] {
  const mark = '__tmp_own';
  return [
    { source_labels: ['proxy'], regex: own, target_label: mark, replacement: 'yes' },
    { source_labels: [mark, 'proxy'], regex: `;${all}`, action: 'drop' },
    { regex: mark, action: 'labeldrop' },
  ];
}
