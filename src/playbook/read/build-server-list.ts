import type { PlaybookServerList } from '../../model/server-list.ts';
import { buildCondition, listOf } from './build-parts.ts';
import type { ServerListData } from './server-list-schema.ts';

/** One of a role's server lists, with its defaults. */
export function buildServerList(data: ServerListData): PlaybookServerList {
  const { id, title, at, path, secret, checksum, token, empty, ask } = data;
  const { in: within = '', in_use: inUse, heard_within: heardWithin = 60, ...fields } = data.entries;
  const { error, heard } = fields;
  return {
    ...{ id, title, at, path, secret, empty, ask },
    when: buildCondition(data.when),
    proof: token === undefined ? { kind: 'checksum', of: checksum ?? '' } : { kind: 'token', ...token },
    refused: listOf(data.refused),
    entries: { ...fields, in: within, error, heard, inUse, heardWithin },
  };
}
