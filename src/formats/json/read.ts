import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { Value } from '../keyed-format.ts';
import { errorAt } from '../text.ts';

/** Members of jsonc-parser's SyntaxKind, a const enum, whose names can't be imported here. */
const SyntaxKind = {
  OpenBrace: 1,
  CloseBrace: 2,
  OpenBracket: 3,
  CloseBracket: 4,
  Comma: 5,
  LineComment: 12,
  BlockComment: 13,
  Trivia: 15,
  EOF: 17,
};

/**
 * The root of a JSON text, in which comments are allowed; undefined for a text without a value. FormatError
 * if it's broken.
 */
export function readTree(text: string): Node | undefined {
  refuseDepth(text);
  const errors: ParseError[] = [];
  const root = parseTree(text.replace(/^\uFEFF/, ' '), errors, {
    allowEmptyContent: true,
    allowTrailingComma: false,
  });
  const [error] = errors;
  if (error !== undefined) {
    throw errorAt(text, error.offset, `broken JSON: ${printParseErrorCode(error.error)}`);
  }
  return root;
}

/** More levels than any settings have; the library's recursion ends where the stack does. */
const deepest = 200;

function refuseDepth(text: string): void {
  if ((text.match(/[[{]/g)?.length ?? 0) <= deepest) return;
  const scanner = createScanner(text, true);
  let depth = 0;
  for (let kind: number = scanner.scan(); kind !== SyntaxKind.EOF; kind = scanner.scan()) {
    if (kind === SyntaxKind.OpenBrace || kind === SyntaxKind.OpenBracket) depth++;
    if (kind === SyntaxKind.CloseBrace || kind === SyntaxKind.CloseBracket) depth--;
    if (depth > deepest) {
      const message = `expected at most ${deepest} levels of objects and lists`;
      throw errorAt(text, scanner.getTokenOffset(), message);
    }
  }
}

/** A node as a value; of duplicate keys the last counts, as in JSON.parse. */
export function readNode(node: Node | undefined): Value {
  if (node?.type === 'object') {
    return Object.fromEntries(
      (node.children ?? []).map((one) => [String(one.children?.[0]?.value), readNode(one.children?.[1])]),
    );
  }
  return node?.type === 'array' ? (node.children ?? []).map(readNode) : (node?.value ?? null);
}

export function endOf(node: Node): number {
  return node.offset + node.length;
}

/** Whether there is a comment between two offsets. */
export function hasComment(text: string, start: number, end: number): boolean {
  const scanner = createScanner(text, false);
  scanner.setPosition(start);
  for (
    let kind = scanner.scan();
    kind !== SyntaxKind.EOF && scanner.getTokenOffset() < end;
    kind = scanner.scan()
  ) {
    if (kind === SyntaxKind.LineComment || kind === SyntaxKind.BlockComment) {
      return true;
    }
  }
  return false;
}

/** The offset of the comma after an element; undefined if none follows. */
export function commaBehind(text: string, end: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(end);
  const kind: number = scanner.scan();
  return kind === SyntaxKind.Comma ? scanner.getTokenOffset() : undefined;
}

/** The end of the blanks and comments that follow on the same line. */
export function behindComments(text: string, start: number): number {
  const scanner = createScanner(text, false);
  scanner.setPosition(start);
  let end = start;
  for (let kind: number = scanner.scan(); kind !== SyntaxKind.EOF; kind = scanner.scan()) {
    const comment = kind === SyntaxKind.LineComment || kind === SyntaxKind.BlockComment;
    const tokenEnd = scanner.getTokenOffset() + scanner.getTokenLength();
    const ends = comment && /[\r\n]/.test(text.slice(scanner.getTokenOffset(), tokenEnd));
    if ((!comment && kind !== SyntaxKind.Trivia) || ends) {
      break;
    }
    end = comment ? tokenEnd : end;
  }
  return end;
}
