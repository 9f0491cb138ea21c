import type { ReportDocument } from '../document/schema.ts';

/** The document as it is printed. */
export function renderJson(document: ReportDocument): string {
  return `${printable(JSON.stringify(document, null, 2))}\n`;
}

/** JSON in which what a terminal would obey, or not show, is escaped as JSON lets it be; C0 is by itself. */
export function printable(json: string): string {
  return json.replace(unprintable, escaped);
}

const unprintable = /[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
