import { join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { longFiles } from './long-files.ts';

const root = join(import.meta.dirname, '../..');
const seconds = new Map(Object.entries(longFiles).map(([name, takes]) => [join(root, name), takes]));

/** In which order the projects' other files start. */
const order = ['faults', 'lab', 'hosts', 'unit'];

/**
 * Long files start first, as what starts last shall not be what everybody waits for; then those with hosts,
 * which wait more than they work; and pure ones at the end, side by side with the last of them. All files of
 * a project are kept together: a worker discards its modules when it gets a file of another project.
 */
export class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project }: TestSpecification) => order.indexOf(project.name);
    const takes = ({ moduleId }: TestSpecification) => seconds.get(moduleId) ?? 0;
    return (await super.sort(files)).toSorted(
      (one, other) => takes(other) - takes(one) || rank(one) - rank(other),
    );
  }
}
