import type { ReportDocument } from '../document/schema.ts';
import type { Style } from './style.ts';

/** The schemas that there are; or those that were written, with the line that names them. */
export function renderSchemas({ schemas = [] }: ReportDocument, { paint }: Style): readonly string[] {
  const width = Math.max(0, ...schemas.map(({ name }) => name.length));
  const listed = schemas.flatMap(({ name, describes, file }) =>
    file === undefined ? [`${paint.bold(name.padEnd(width))}  ${describes}`] : [],
  );
  const written = schemas.flatMap(({ describes, file }) =>
    file === undefined ? [] : [`${file}: ${describes}`],
  );
  const lines = schemas.flatMap(({ name, line }) => {
    const whose = name === 'playbook' ? 'a playbook' : 'an inventory';
    // Never wrapped, so that it can be copied.
    return line === undefined ? [] : ['', `At the head of ${whose} in this folder, write:`, line];
  });
  return [...listed, ...written, ...lines];
}
