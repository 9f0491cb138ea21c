import type { ReportGuard } from '../document/schema.ts';
import { oneLine } from './prose.ts';

/** Who is on a host, as one of its guards says. */
export function guardWords({ guard, state, summary, why }: ReportGuard): string {
  switch (state) {
    case 'idle':
      return `no ${oneLine(guard)}`;
    case 'unknown':
      return `it is not known whether there are ${oneLine(guard)}${why === undefined ? '' : ` (${oneLine(why)})`}; that counts as busy`;
    case 'busy':
      return summary === undefined ? `there are ${oneLine(guard)}` : oneLine(summary);
  }
}
