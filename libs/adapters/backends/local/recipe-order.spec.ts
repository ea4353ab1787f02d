import { describe, expect, it } from '@jest/globals';
import { parseRecipeFile } from './recipe-file.js';
import { RecipeOrder, stepOf } from './recipe-order.js';

/** `a: b c` says that a needs b and c. Answers each recipe in order, or what is wrong with it. */
function order(...lines: string[]): string[] {
  const recipes = lines.map((line) => {
    const [name = '', inputs = ''] = line.split(':');
    return { name, script: ':', inputs: inputs.split(' ').filter(Boolean) };
  });
  const parsed = parseRecipeFile(JSON.stringify({ recipes }));
  if (!parsed.ok) throw new Error(parsed.error.message);
  const walk = new RecipeOrder(parsed.value.recipes);
  const told: string[] = [];
  for (const recipe of parsed.value.recipes.values()) {
    for (const ordered of walk.visit(stepOf(recipe, 'x86_64-linux'))) {
      const words = ordered.kind === 'broken' ? ` (${ordered.message})` : '';
      told.push(`${ordered.step.recipe.name}${words}`);
    }
  }
  return told;
}

describe('recipes', () => {
  it('come after their inputs, each once', () => {
    expect(order('a: b c', 'b: c', 'c')).toEqual(['c', 'b', 'a']);
  });

  it('with an unknown input break only what needs them', () => {
    expect(order('a: b', 'b: ghost', 'c')).toEqual([
      'b (there is no recipe called ghost)',
      'a (its input b is broken: there is no recipe called ghost)',
      'c',
    ]);
    expect(order('a: b!doc', 'b')).toEqual(['a (b has no output doc)', 'b']);
  });

  it('in a cycle name the cycle', () => {
    expect(order('a: b', 'b: c', 'c: b', 'd')).toEqual([
      'c (needs itself: b → c → b)',
      'b (needs itself: b → c → b)',
      'a (its input b is broken: needs itself: b → c → b)',
      'd',
    ]);
    expect(order('a: a')).toEqual(['a (needs itself: a → a)']);
  });

  it('in a chain of 20,000 overflow nothing', () => {
    const chain = Array.from(
      { length: 20_000 },
      (_, i) => `r${i}: ${i < 19_999 ? `r${i + 1}` : ''}`,
    );
    expect(order(...chain).at(-1)).toBe('r0');
  });
});
