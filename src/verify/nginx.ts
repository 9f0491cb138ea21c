import { FormatError } from '../formats/format-error.ts';
import type { NginxQuestion } from '../model/balancer-question.ts';
import type { Verdict } from '../model/outside-check.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { type Answering, answeringFor, hasOurs, mainFile } from './nginx-answering.ts';
import { type Findings, placeOf } from './nginx-findings.ts';
import { headerFindings } from './nginx-headers.ts';
import { passFindings, streamFindings } from './nginx-passes.ts';

/**
 * Judges nginx's whole configuration, as its includes make it, for the server blocks that answer for the
 * cluster's name. What is a fault is told with file and line, and so is what an operator may want to know.
 */
export function judgeNginx(question: NginxQuestion, snapshot: Snapshot): Verdict {
  const { hostname, kind } = question;
  const expected =
    kind === 'nginx-passes'
      ? `nginx passes requests for ${hostname} on to the nodes, and to no machine that a client chooses`
      : `nginx adds no header to the pages of ${hostname} that keeps them from working`;
  try {
    const answering = answeringFor(hostname, snapshot);
    if (answering.servers.length === 0) {
      return {
        outcome: 'not-asked',
        expected,
        found: `no server block in ${mainFile} answers for ${hostname}`,
      };
    }
    const { faults, notes } =
      kind === 'nginx-passes' ? allPasses(question, answering) : headerFindings(question, answering);
    const note = notes.length === 0 ? {} : { note: notes.join('; ') };
    if (faults.length > 0) return { outcome: 'failed', expected, found: faults.join('; '), ...note };
    const blocks = answering.servers.map(({ server }) => placeOf(server)).join(', ');
    return { outcome: 'passed', expected, found: `so it is in ${blocks}`, ...note };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { outcome: 'not-asked', expected, found: `nginx's files can't be understood: ${error.message}` };
  }
}

function allPasses(question: NginxQuestion, answering: Answering): Findings {
  const all = [
    elsewhere(question, answering),
    passFindings(question, answering),
    streamFindings(answering.configuration),
  ];
  return {
    faults: [...new Set(all.flatMap(({ faults }) => faults))],
    notes: [...new Set(all.flatMap(({ notes }) => notes))],
  };
}

/** Another server block that answers for the name, so that the cluster's locations are never used. */
function elsewhere({ hostname, locations }: NginxQuestion, { configuration, servers }: Answering): Findings {
  const isThere = configuration.servers.some((server) => hasOurs(server, locations));
  const secure = servers.filter(({ server }) => server.listen.some(({ port }) => port === 443));
  if (!isThere || secure.some(({ server }) => hasOurs(server, locations))) return { faults: [], notes: [] };
  const words = secure.map(
    ({ server }) => `${placeOf(server)} answers for ${hostname}, without the cluster's locations`,
  );
  return { faults: words, notes: [] };
}
