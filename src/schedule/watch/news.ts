import type { ReportDocument, ReportHost } from '../../report/document/schema.ts';

/**
 * What a look has found, as a text that is the same as long as nothing has changed: what people are told
 * again only if it differs from before. Times, ids of runs and figures that differ each time are no part.
 * Pure.
 */
export function foundIn({
  hosts,
  errors = [],
  warnings = [],
  checks = [],
  schedule,
}: ReportDocument): string {
  const { putOff = [], missed = [] } = schedule?.runs?.[0] ?? {};
  return JSON.stringify({
    hosts: hosts.map(hostFound),
    errors: errors.map(({ code, message }) => [code, message]),
    warnings,
    wrong: checks
      .filter(({ outcome }) => outcome === 'failed')
      .map(({ host, id, found }) => [host, id, found]),
    putOff: putOff.map(({ host, code }) => [host, code]),
    missed,
    notes: schedule?.notes,
  });
}

function hostFound({ name, status, error, changes, handlers, left, recipe }: ReportHost) {
  return [
    ...[name, status, recipe, error?.code],
    changes.map(({ path, diff }) => [path, diff]),
    handlers.filter(({ owed }) => owed !== undefined).map(({ id }) => id),
    left?.map(({ path, diff }) => [path, diff]),
  ];
}
