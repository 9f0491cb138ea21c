import { managedBlockRanges, readSections, type Section, strayLines } from '../../formats/haproxy.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { understand } from '../shared/understand.ts';
import { type OtherFile, otherFiles } from './other-files.ts';
import { isOurSection } from './section-names.ts';

/** haproxy.cfg as the steps so far leave it. */
export interface Configuration {
  readonly path: string;
  readonly text: string;
  readonly sections: readonly Section[];
  /** the managed block, of whatever cluster, in which a place of the text is */
  blockAt(offset: number): string | undefined;
  /** what HAProxy may read beside it */
  readonly others: readonly OtherFile[];
}

/**
 * Reads haproxy.cfg, and the files beside it. Refused are sections of others that have the names of this
 * cluster's, and lines behind a block of ours, which HAProxy would count to it.
 */
export function readConfiguration(host: StepHost, path: string, cluster: string): Configuration {
  const text = host.text(path) ?? '';
  return understand(host, path, text, () => {
    const ranges = [...managedBlockRanges(text)];
    const blockAt = (offset: number) =>
      ranges.find(([, { start, end }]) => start <= offset && offset < end)?.[0];
    const others = otherFiles(host);
    const configuration = { path, text, sections: readSections(text), blockAt, others };
    refuseStrayLines(host, configuration);
    refuseOurNames(host, configuration, cluster);
    return configuration;
  });
}

function refuseStrayLines(host: StepHost, { path, text }: Configuration): void {
  const [stray] = strayLines(text);
  if (stray === undefined) return;
  const { line, block } = stray;
  throw host.problem(
    'line-in-our-section',
    `${path}:${line.line}: "${line.name}" stands behind clusterproxy's block "${block}", so HAProxy takes it as a line of the last section there`,
    'move it to the section that it belongs to, or put a line that begins a section above it',
  );
}

function refuseOurNames(host: StepHost, configuration: Configuration, cluster: string): void {
  const { path, sections, blockAt, others } = configuration;
  const outside = sections.filter(({ head }) => blockAt(head.start) === undefined);
  const [other] = [{ path, sections: outside }, ...others].flatMap((file) =>
    file.sections
      .filter(({ name }) => isOurSection(cluster, name))
      .map((section) => ({ path: file.path, section })),
  );
  if (other === undefined) return;
  const { head, keyword, name } = other.section;
  throw host.problem(
    'section-name-taken',
    `${other.path}:${head.line}: ${keyword} ${name} stands outside clusterproxy's blocks, and clusterproxy has a section of this name for the cluster ${cluster}`,
    'remove that section, or give it another name',
  );
}
