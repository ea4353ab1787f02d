/** All jobs of an evaluation at once, as few letters as it takes. */
import { z } from 'zod';
import { JobStatusWord } from './evaluation.js';
import { Id } from './page.js';

export const MapAnswer = z.object({
  evaluation: Id,
  /**
   * A line for each name, in their order: how many letters it shares with the name before, a space,
   * and the rest.
   */
  names: z.string(),
  /** For each name a letter, or `.` where the system has no job of that name. */
  systems: z.array(z.object({ system: z.string(), statuses: z.string() })),
  letters: z.record(z.string(), JobStatusWord),
});
export type MapAnswer = z.infer<typeof MapAnswer>;
