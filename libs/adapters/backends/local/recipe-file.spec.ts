import { describe, expect, it } from '@jest/globals';
import { parseRecipeFile } from './recipe-file.js';

function refusal(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const parsed = parseRecipeFile(text);
  if (parsed.ok) throw new Error('it was accepted');
  return `${parsed.error.at}: ${parsed.error.message}`;
}

const one = (more: object): object => ({ recipes: [{ name: 'a', script: ':', ...more }] });

describe('a recipe file', () => {
  it('yields its recipes, all of them jobs unless it says which', () => {
    const recipes = [
      { name: 'a', script: ':' },
      { name: 'b', script: ':', inputs: ['a', 'a!doc'] },
    ];
    const parsed = parseRecipeFile(JSON.stringify({ recipes }));
    expect(parsed.ok && parsed.value.jobs).toEqual(['a', 'b']);
    expect(parsed.ok && parsed.value.recipes.get('b')!.inputs).toEqual([
      { text: 'a', recipe: 'a', output: null },
      { text: 'a!doc', recipe: 'a', output: 'doc' },
    ]);
    const some = parseRecipeFile(JSON.stringify({ recipes, jobs: ['b'] }));
    expect(some.ok && some.value.jobs).toEqual(['b']);
  });

  it('that is not JSON is refused with its line', () => {
    expect(refusal('{\n  "recipes": [\n    oops\n')).toMatch(/^line 3: /);
    expect(refusal('{\n  "recipes": [\n')).toMatch(/^line 3: /);
  });

  it('with a field that is not what it should be is refused by the name of the field', () => {
    expect(refusal([])).toMatch(/^the file: must be an object/);
    expect(refusal({})).toBe('recipes: is missing');
    expect(refusal({ recipes: [{ name: 'a' }] })).toBe('recipes[0].script: is missing');
    expect(refusal(one({ skript: '' }))).toMatch(/^recipes\[0\]\.skript: is not a field/);
    expect(refusal(one({ name: '../x' }))).toMatch(/^recipes\[0\]\.name: /);
    expect(refusal(one({ inputs: [7] }))).toBe('recipes[0].inputs[0]: must be a text');
    expect(refusal(one({ outputs: ['out', 'out'] }))).toBe('recipes[0].outputs[1]: out is taken');
    expect(refusal(one({ sources: ['a/../../b'] }))).toMatch(/^recipes\[0\]\.sources\[0\]: /);
    expect(refusal(one({ timeoutSeconds: 0.5 }))).toMatch(/^recipes\[0\]\.timeoutSeconds: /);
    expect(refusal(one({ env: { out: '' } }))).toBe('recipes[0].env.out: is set by the backend');
    expect(refusal(one({ env: { 'a-b': '' } }))).toMatch(/^recipes\[0\]\.env\.a-b: /);
    expect(refusal({ recipes: [], jobs: ['x'] })).toBe('jobs[0]: there is no recipe called x');
    const double = {
      recipes: [
        { name: 'a', script: '' },
        { name: 'a', script: '' },
      ],
    };
    expect(refusal(double)).toBe('recipes[1]: another recipe is called a');
  });

  it('takes the hash of a fixed output in each spelling', () => {
    const hex = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
    const base64 = Buffer.from(hex, 'hex').toString('base64');
    for (const hash of [hex, `sha256:${hex}`, `sha256-${base64}`]) {
      const parsed = parseRecipeFile(
        JSON.stringify(one({ fixedOutput: { algorithm: 'r:sha256', hash } })),
      );
      expect(parsed.ok && parsed.value.recipes.get('a')!.fixedOutput).toEqual({
        algorithm: 'sha256',
        hash: hex,
        recursive: true,
      });
    }
    expect(refusal(one({ fixedOutput: { algorithm: 'sha1', hash: hex } }))).toMatch(
      /hash: must be/,
    );
    expect(refusal(one({ fixedOutput: { algorithm: 'crc', hash: hex } }))).toMatch(
      /algorithm: must/,
    );
  });
});
