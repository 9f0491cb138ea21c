import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Location, Problem } from '../model/operator-error.ts';

/** Tags that only repeat what the core schema implies. */
const coreTags = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

/**
 * Mistakes in well-formed YAML: what is wrong, or doesn't mean what it seems to mean. `readable` tells
 * whether the document can be turned into plain data nevertheless.
 */
export function nodeProblems(
  document: Document.Parsed,
  locate: (offset: number) => Location,
): { problems: readonly Problem[]; readable: boolean } {
  const problems: Problem[] = [];
  let readable = true;
  const report = (node: unknown, code: string, message: string, next: string) => {
    const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    problems.push({ code, message, next, location: locate(offset) });
  };
  const unreadable: typeof report = (...found) => {
    readable = false;
    report(...found);
  };

  // Only what has been visited so far, since an alias refers to something before it. Alias.resolve() walks
  // the whole file.
  const anchors = new Map<string, Node>();
  const checkNode = (node: Scalar | YAMLMap | YAMLSeq) => {
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (node.tag === undefined || coreTags.test(node.tag)) return;
    unreadable(node, 'yaml-tag', `the tag ${shortTag(node.tag)} is not supported`, 'remove the tag');
  };
  const { explicit, version } = document.directives.yaml;
  if (explicit === true && version !== '1.2') {
    report(
      undefined,
      'yaml-version',
      `%YAML ${version} is declared; expected YAML 1.2`,
      'remove the %YAML line',
    );
  }
  visit(document, {
    Seq: (_, list) => checkNode(list),
    Scalar: (part, scalar) => {
      checkNode(scalar);
      if (part === 'key') return;
      const source = scalar.source ?? '';
      if (scalar.type === 'PLAIN' && typeof scalar.value === 'number' && /^[-+]?0\d+$/.test(source)) {
        const message = `${source} is the number ${scalar.value} in YAML 1.2, but an octal number in YAML 1.1`;
        report(scalar, 'yaml-ambiguous', message, `write '${source}' in quotes, or without the leading zero`);
      }
    },
    Alias: (_, alias, path) => {
      const target = anchors.get(alias.source);
      if (target === undefined) {
        const message = `*${alias.source} refers to nothing; expected an anchor &${alias.source} before it`;
        unreadable(alias, 'yaml-alias', message, aliasHint(document, alias));
      } else if (path.includes(target)) {
        unreadable(
          alias,
          'yaml-alias',
          `*${alias.source} refers to a value that contains it`,
          'remove the alias',
        );
      }
    },
    Map: (_, map) => {
      checkNode(map);
      for (const pair of map.items) {
        if (isOtherName(pair)) {
          const { source = '', value } = pair.key;
          const message = `the key ${source} is ${String(value)} for YAML, which is another name`;
          report(pair.key, 'yaml-ambiguous', message, `put it in quotes: '${source}'`);
        }
        const [code, message, next] = keyProblem(pair) ?? [];
        if (code !== undefined) unreadable(pair.key, code, message ?? '', next ?? '');
        if (isMergeKey(pair) && !isMergeable(document, pair.value)) {
          unreadable(
            pair.key,
            'yaml-merge',
            '<< merges something that is not a map',
            'give << an alias of a map',
          );
        }
      }
      for (const { again, first } of duplicates(map)) {
        const { line } = locate(first.range?.[0] ?? 0);
        const message = `the key ${String(again.value)} appears twice in this map; the first is on line ${line}`;
        report(again, 'yaml-duplicate-key', message, 'keep one of the two');
      }
    },
  });
  return { problems, readable };
}

function keyProblem(pair: Pair): readonly [string, string, string] | undefined {
  const { key } = pair;
  if (isScalar(key) && key.value === null) {
    return ['yaml-key', 'a key is missing; expected `key: value`', 'write a key before the colon'];
  }
  if (isMap(key) && key.flow === true) {
    return ['yaml-key', 'a brace starts a map here; expected text', "put a template in quotes: '{{ … }}'"];
  }
  if (isMap(key) || isSeq(key)) {
    return ['yaml-key', 'a key is a list or a map; expected text', 'write a plain word as the key'];
  }
  return undefined;
}

/** A key such as 3.0, which would become the name 3. */
function isOtherName(pair: Pair): pair is Pair<Scalar> {
  const { key } = pair;
  return (
    isScalar(key) &&
    key.type === 'PLAIN' &&
    (typeof key.value === 'number' || typeof key.value === 'boolean') &&
    String(key.value) !== key.source
  );
}

function isMergeKey({ key }: Pair): boolean {
  return isScalar(key) && (key.value === '<<' || typeof key.value === 'symbol') && key.type === 'PLAIN';
}

function isMergeable(document: Document.Parsed, value: unknown): boolean {
  const resolve = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
  const source = resolve(value);
  return isSeq(source) ? source.items.every((item) => isMap(resolve(item))) : isMap(source);
}

function duplicates(map: YAMLMap): readonly { again: Scalar; first: Scalar }[] {
  const seen = new Map<string, Scalar>();
  const found: { again: Scalar; first: Scalar }[] = [];
  for (const pair of map.items) {
    if (!isPair(pair) || !isScalar(pair.key) || isMergeKey(pair)) continue;
    const name = String(pair.key.value);
    const first = seen.get(name);
    if (first === undefined) seen.set(name, pair.key);
    else found.push({ again: pair.key, first });
  }
  return found;
}

function aliasHint(document: Document.Parsed, alias: Alias): string {
  const anchors = new Set<string>();
  visit(document, {
    Node: (_, node) => {
      const { anchor } = node as Node & { anchor?: string };
      if (anchor !== undefined) anchors.add(anchor);
    },
  });
  if (anchors.has(alias.source)) return 'move the anchor above the alias';
  return anchors.size === 0
    ? 'text that begins with * needs quotes'
    : `anchors in this file: ${[...anchors].join(', ')}`;
}

function shortTag(tag: string): string {
  return tag.replace('tag:yaml.org,2002:', '!!');
}
