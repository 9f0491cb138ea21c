import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files with hosts start first, as they wait more than they work, and all files of a project are kept
 * together: a worker discards its modules when it gets a file of another project.
 */
export class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project }: TestSpecification) => (project.name === 'hosts' ? 0 : 1);
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}
