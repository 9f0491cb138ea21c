import { statusWordsOf } from '../../model/status-words.ts';
import type { ReportDocument, ReportHost } from '../document/schema.ts';
import { outlookOf } from './outlook.ts';

/**
 * How a host is, in a few words: also where a run would put it off or hold it up, which its status doesn't
 * say, and that it leaves.
 */
export function stateWords(
  host: ReportHost,
  document: Pick<ReportDocument, 'command' | 'rollout' | 'force' | 'hosts'>,
): string {
  const outlook = outlookOf(host, document);
  if (outlook !== undefined) return outlook.short;
  if (host.retires && host.status === 'would-change') return 'leaves';
  return statusWordsOf(document.command)[host.status];
}
