import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files with hosts begin first, as they wait more than they work, and all files of a project follow one
 * another: a worker keeps its modules only until it gets a file of another project.
 */
export class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project }: TestSpecification) => (project.name === 'hosts' ? 0 : 1);
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}
