/** What the addresses of an evaluation's pages may ask for. */
import { z } from 'zod';
import { Against, DifferenceKindWord, DifferenceQuery } from '#protocol/api/difference.js';

/** An empty field of the form is no filter, and a page of jobs is larger than one of JSON. */
export const EvaluationPageQuery = z.preprocess(
  (query) =>
    Object.fromEntries(Object.entries(query as object).filter(([, value]) => value !== '')),
  DifferenceQuery.omit({ against: true }).extend({
    kind: z.enum([...DifferenceKindWord.options, 'all']).optional(),
    compare: Against.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(100),
  }),
);
export type EvaluationPageQuery = z.infer<typeof EvaluationPageQuery>;
