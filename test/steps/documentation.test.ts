import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { stepModules } from '../../src/steps/registry.ts';

const text = readFileSync(`${import.meta.dirname}/../../docs/step-modules.md`, 'utf8');
const sections = text.split(/^## /m);

describe.each([...stepModules.values()])('docs/step-modules.md on $name', (module) => {
  const section = sections.find((one) => one.split('\n')[0]?.split(', ').includes(module.name)) ?? '';

  it('describes every parameter', () => {
    const schema = z.toJSONSchema(module.parameters, { io: 'input' });
    const names = Object.keys(schema.properties ?? {});
    expect(names.length).toBeGreaterThan(2);
    expect(names.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
  });
});
