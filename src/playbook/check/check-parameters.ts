import { schemaProblems } from '../../document/schema-problems.ts';
import type { Places, YamlPath } from '../../document/yaml-document.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { StepModule } from '../../steps/step-module.ts';
import { hasTemplate } from '../resolve/templates.ts';

/**
 * Checks a step's parameters against its module's schema, except for what templates fill in only on a host.
 */
export function checkParameters(
  document: Places,
  module: StepModule,
  step: { readonly path: YamlPath; readonly parameters: unknown },
): readonly Problem[] {
  return schemaProblems(document, module.parameters, step.parameters ?? {}, {
    at: [...step.path, module.name],
    ignore: (issue, value) => {
      if (typeof value === 'string') return hasTemplate(value);
      if (issue.code === 'invalid_key') return hasTemplate(String(issue.path.at(-1)));
      return issue.code === 'invalid_union' && hasTemplateWithin(value);
    },
  });
}

export function hasTemplateWithin(value: unknown): boolean {
  if (typeof value === 'string') return hasTemplate(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, item]) => hasTemplate(key) || hasTemplateWithin(item));
}
