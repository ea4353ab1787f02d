/** The drawings in docs/statuses.md are those that the tables give. */
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { attemptStatuses, buildStatuses } from '#domain/build/status.js';
import { evaluationStatuses } from '#domain/evaluation/status.js';
import { drawStatuses } from '#domain/status-table.js';

const page = new URL('../docs/statuses.md', import.meta.url);

describe('the drawing of the statuses of', () => {
  it.each([
    ['an evaluation', drawStatuses(evaluationStatuses, ['started'])],
    ['a build', drawStatuses(buildStatuses, ['scheduled', 'succeeded', 'canceled'])],
    ['an attempt', drawStatuses(attemptStatuses, ['submitted'])],
  ])('%s stands in the documentation as its table says', async (_of, drawing) => {
    const text = await readFile(page, 'utf8');
    const drawn = [...text.matchAll(/```mermaid\n(.*?)\n```/gs)].map((match) => match[1]);
    expect(drawn).toContain(drawing);
  });
});
