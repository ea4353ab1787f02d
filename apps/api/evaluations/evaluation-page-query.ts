/** What the addresses of an evaluation's pages may ask for. */
import { z } from 'zod';
import { Against, DifferenceKindWord, DifferenceQuery } from '#protocol/api/difference.js';
import { withoutEmpty } from '../pages/form-query.js';

/** A page of jobs is larger than one of JSON. */
export const EvaluationPageQuery = z.preprocess(
  withoutEmpty,
  DifferenceQuery.omit({ against: true }).extend({
    kind: z.enum([...DifferenceKindWord.options, 'all']).optional(),
    compare: Against.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(100),
  }),
);
export type EvaluationPageQuery = z.infer<typeof EvaluationPageQuery>;

export const MapPageQuery = z.preprocess(
  withoutEmpty,
  DifferenceQuery.pick({ name: true, system: true, status: true, cursor: true }),
);
export type MapPageQuery = z.infer<typeof MapPageQuery>;

export const JobAddress = z.object({ name: z.string().max(1024), system: z.string().max(64) });
export type JobAddress = z.infer<typeof JobAddress>;
