import { join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { longFiles } from './long-files.ts';

const root = join(import.meta.dirname, '../..');
const seconds = new Map(Object.entries(longFiles).map(([name, takes]) => [join(root, name), takes]));

/**
 * Files with hosts start before pure ones, as they wait more than they work, and those with faults before the
 * rest of the lab, as they take longest, and so do other long files: what starts last shall not be what
 * everybody waits for. All files of a project are kept together: a worker discards its modules when it gets a
 * file of another project.
 */
export class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const first = new Set(['hosts', 'faults']);
    const rank = ({ project }: TestSpecification) => (first.has(project.name) ? 0 : 1);
    const takes = ({ moduleId }: TestSpecification) => seconds.get(moduleId) ?? 0;
    return (await super.sort(files)).toSorted(
      (one, other) => rank(one) - rank(other) || takes(other) - takes(one),
    );
  }
}
