import { contract } from './contract.ts';
import { labelsIn } from './former.ts';

/** What a text in the exposition format says of one cluster; undefined where that is nothing. */
export function metricsOf(text: string | undefined, cluster: string): string | undefined {
  const lines = (text ?? '').split('\n').filter((line) => {
    const labels = /^clusterproxy_\w+\{(.*)\} \S+$/.exec(line)?.[1];
    return line.startsWith('#') || (labels !== undefined && labelsIn(labels).get('cluster') === cluster);
  });
  return lines.every((line) => line.startsWith('#')) ? undefined : `${lines.join('\n')}\n`;
}

/**
 * The texts of several clusters as one: each metric is described once, and has the samples of all clusters
 * below that (https://prometheus.io/docs/instrumenting/exposition_formats/). Their names must differ.
 */
export function mergedMetrics(texts: readonly string[]): string {
  const described = new Map<string, string>();
  const samples = new Map<string, string[]>();
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const description = /^# (?:HELP|TYPE) (\w+) /.exec(line);
    const name = /^(\w+)\{/.exec(line)?.[1];
    if (description !== null) described.set(description[0], line);
    else if (name !== undefined) {
      const own = samples.get(name) ?? [];
      samples.set(name, own);
      own.push(line);
    }
  }
  return contract
    .flatMap(({ name }) => {
      const own = samples.get(name) ?? [];
      const head = ['HELP', 'TYPE'].flatMap((what) => described.get(`# ${what} ${name} `) ?? []);
      return own.length === 0 ? [] : [`${[...head, ...own].join('\n')}\n`];
    })
    .join('\n');
}
