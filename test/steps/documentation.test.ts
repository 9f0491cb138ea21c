import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { stepModules } from '../../src/steps/registry.ts';

const sections = [
  'step-modules',
  'step-modules-proxy',
  'step-modules-door',
  'step-modules-balancer',
  'step-modules-hardening',
].flatMap((name) => readFileSync(`${import.meta.dirname}/../../docs/${name}.md`, 'utf8').split(/^## /m));

describe.each([...stepModules.values()])('the pages of step modules on $name', (module) => {
  const section = sections.find((one) => one.split('\n')[0]?.split(', ').includes(module.name)) ?? '';

  it('describes every parameter', () => {
    const schema = z.toJSONSchema(module.parameters, { io: 'input' });
    const names = Object.keys(schema.properties ?? {});
    expect(names.length).toBeGreaterThan(2);
    expect(names.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
  });
});
