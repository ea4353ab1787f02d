import { describe, expect, it } from '@jest/globals';
import { decideFates, type Candidate } from './decide-fates.js';

/** What is made of what; the output of `x` is `x-out`. */
const graph: Record<string, string[]> = {
  app: ['library', 'compiler'],
  library: ['compiler', 'source'],
  compiler: ['bootstrap'],
  bootstrap: ['seed'],
  seed: [],
  source: [],
};

async function decide(wished: string[], present: string[], known: string[] = []) {
  const asked: string[] = [];
  const decided = await decideFates(wished, {
    candidates: async (names) =>
      names
        .filter((name) => !known.includes(name))
        .map((name): Candidate => ({ name, outputs: [`${name}-out`], inputs: graph[name]! })),
    present: async (paths) => {
      asked.push(...paths);
      return new Set(paths.filter((path) => present.includes(path)));
    },
  });
  return { ...decided, asked };
}

describe('the fates of an evaluation', () => {
  it('ask for nothing below what can be had', async () => {
    const { fates, asked } = await decide(['app'], ['app-out']);
    expect([...fates]).toEqual([['app', 'substitute']]);
    expect(asked).toEqual(['app-out']);
  });

  it('build what nobody has, from what can be had', async () => {
    const { fates, urgent } = await decide(['app'], ['compiler-out', 'source-out']);
    expect(Object.fromEntries(fates)).toEqual({
      app: 'build',
      library: 'build',
      compiler: 'substitute',
      source: 'substitute',
    });
    expect([...urgent].sort()).toEqual(['compiler', 'source']);
  });

  it('wish for what a job names and something needs, urgently', async () => {
    const { urgent } = await decide(['app', 'compiler'], ['compiler-out']);
    expect(urgent.has('compiler')).toBe(true);
    expect((await decide(['compiler'], ['compiler-out'])).urgent.size).toBe(0);
  });

  it('leave alone what stands on its own, and what it needs', async () => {
    const { fates, asked } = await decide(['app'], [], ['library', 'compiler']);
    expect([...fates.keys()]).toEqual(['app']);
    expect(asked).toEqual(['app-out']);
  });

  it('build what has an output that is not known before', async () => {
    const outputs = [null, 'floating-doc'];
    const { fates } = await decideFates(['floating'], {
      candidates: async () => [{ name: 'floating', outputs, inputs: [] }],
      present: async (paths) => new Set(paths),
    });
    expect(fates.get('floating')).toBe('build');
  });
});
