import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files with hosts start before pure ones, as they wait more than they work, and those with faults before the
 * rest of the lab, as they take longest: what starts last shall not be what everybody waits for. All files of
 * a project are kept together: a worker discards its modules when it gets a file of another project.
 */
export class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const first = new Set(['hosts', 'faults']);
    const rank = ({ project }: TestSpecification) => (first.has(project.name) ? 0 : 1);
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}
