import type { MetricName } from './contract.ts';

/** What was told last, as far as it is carried over: instants that nothing else remembers. */
export class Former {
  readonly #lines: readonly { readonly name: string; readonly labels: Labels; readonly value: number }[];

  /** `text` in the exposition format, as this program has written it; undefined where nothing was told. */
  constructor(text: string | undefined) {
    this.#lines = (text ?? '').split('\n').flatMap((line) => {
      const [, name, labels = '', value] = /^(clusterproxy_\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
      return name === undefined || !Number.isFinite(Number(value))
        ? []
        : [{ name, labels: labelsIn(labels), value: Number(value) }];
    });
  }

  /** The cluster that it is about; undefined where that isn't known. */
  get cluster(): string | undefined {
    const names = new Set(this.#lines.map(({ labels }) => labels.get('cluster') ?? ''));
    const [first] = names;
    return names.size === 1 && first !== '' ? first : undefined;
  }

  /** The value with exactly these labels, whatever others it has. */
  value(name: MetricName, wanted: Readonly<Record<string, string>>): number | undefined {
    const pairs = Object.entries(wanted);
    return this.#lines.find(
      (one) => one.name === name && pairs.every(([label, value]) => one.labels.get(label) === value),
    )?.value;
  }
}

type Labels = ReadonlyMap<string, string>;

/** See https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function labelsIn(text: string): Labels {
  const found = text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
  return new Map(
    [...found].map(([, label = '', value = '']) => [
      label,
      value.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter)),
    ]),
  );
}
