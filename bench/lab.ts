/** The parts of the lab that the benchmark needs, for load-typescript.mjs. */
export { labAvailable } from '../test/lab/available.ts';
export { installBigBlueButton, installProxy, untilServing } from '../test/lab/bigbluebutton/install.ts';
export { startLab } from '../test/lab/lab.ts';
export { CERTIFICATE } from '../test/lab/prepare-host.ts';
