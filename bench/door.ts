/** What the benchmark of the door needs, for load-typescript.mjs. */
export { selfSigned } from '../test/support/certificates.ts';
export { startNginx } from '../test/support/running-nginx.ts';
export { carriedOut, inventoryOf, planOf, sampleNode, snapshotsOf } from '../test/support/sample-cluster.ts';
