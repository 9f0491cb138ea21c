import { expect, it } from 'vitest';
import { runStep } from '../../support/run-step.ts';
import { locations, packages, path, stockText, frontend, certificate } from './proxy-parameters.ts';
it('x', () => {
  const one = runStep('haproxy-locations', locations, { packages, files: { [path]: stockText } });
  const two = runStep('haproxy-frontend', frontend, { packages, files: { [path]: one.text(path)!, [certificate]: 'x' } });
  console.log(two.text(path));
});
