/** What the benchmark of `verify` measures, for load-typescript.mjs. */
export { viewCluster } from '../src/playbook/resolve/contexts.ts';
export { resolveOutsideChecks } from '../src/playbook/resolve/outside-checks.ts';
export { questionLimits } from '../src/run/question-limits.ts';
export { askCheck, isAsked } from '../src/verify/ask.ts';
export { carriedOut, inventoryOf, planOf, sampleNode, snapshotsOf } from '../test/support/sample-cluster.ts';
