import type { ReportDocument } from '../document/schema.ts';

export function renderMarkdown(document: ReportDocument): string {
  return document.command;
}
