/** Logs as the REST API tells them: by lines, by phases, and where words stand in them. */
import { z } from 'zod';
import { parseLineRange } from '#domain/log/line-range.js';
import { Id, Time } from './page.js';

/** More lines than a page shows, and still an answer of modest size. */
const linesAtMost = 1000;
const hitsAtMost = 10_000;
const flag = z.enum(['true', 'false']).default('false');

export const LogQuery = z.object({
  /** The last one unless told. */
  attempt: Id.optional(),
  /** Only these: `120` or `120-135`, numbered from 1. */
  lines: z
    .string()
    .refine((text) => parseLineRange(text) !== null, 'lines like 120 or 120-135')
    .optional(),
  /** `true`: as a file to keep. */
  download: flag,
});
export type LogQuery = z.infer<typeof LogQuery>;

export const AttemptQuery = z.object({ attempt: Id.optional() });
export type AttemptQuery = z.infer<typeof AttemptQuery>;

export const LinesQuery = AttemptQuery.extend({
  /** Number of the first line, from 1; unless told, the answer ends with the last line. */
  from: z.coerce.number().int().min(1).max(1e12).optional(),
  limit: z.coerce.number().int().min(1).max(linesAtMost).default(500),
  /** `true`: with the looks of the text. */
  looks: flag,
});
export type LinesQuery = z.infer<typeof LinesQuery>;

export const LogSearchQuery = AttemptQuery.extend({
  q: z.string().min(1).max(500),
  /** `true`: `q` is a regular expression of JavaScript, matched within lines. */
  regex: flag,
  /** `true`: capitals differ from small letters. */
  case: flag,
  cursor: z.coerce.number().int().min(0).max(1e12).default(0),
  limit: z.coerce.number().int().min(1).max(hitsAtMost).default(1000),
});
export type LogSearchQuery = z.infer<typeof LogSearchQuery>;

/** Text, class names of its looks, and the address that it leads to. */
export const LogRun = z.union([
  z.tuple([z.string(), z.string()]),
  z.tuple([z.string(), z.string(), z.string()]),
]);
export type LogRun = z.infer<typeof LogRun>;

export const LogLine = z.object({
  number: z.int(),
  /** As a terminal leaves it, without colours. */
  text: z.string(),
  runs: z.array(LogRun).optional(),
  /** When it came, to the second; null where that is not known. */
  at: Time.nullable(),
  /** Bytes of the line, when it is longer than what is told of it. */
  longBytes: z.int().nullable(),
});
export type LogLine = z.infer<typeof LogLine>;

const standing = {
  /** Null while there is no attempt, and for the log of an evaluation. */
  attempt: Id.nullable(),
  /** Lines now, with a last one that has no end yet. */
  total: z.int(),
  bytes: z.int(),
  /** Nothing is added any more. */
  ended: z.boolean(),
  /** It was there, and was removed as what is kept says. */
  expired: z.boolean(),
};

export const LogLines = z.object({
  ...standing,
  lines: z.array(LogLine),
  /** Number of the line behind the last one told; null at the end. */
  next: z.int().nullable(),
});
export type LogLines = z.infer<typeof LogLines>;

export const LogPhase = z.object({
  name: z.string(),
  /** Its first and last line; `to` is null while it goes on. */
  from: z.int(),
  to: z.int().nullable(),
  /** As the log tells it, or else by when its lines came; null where neither is known. */
  seconds: z.number().nullable(),
  outcome: z.enum(['succeeded', 'failed']).nullable(),
});
export type LogPhase = z.infer<typeof LogPhase>;

export const LogPhases = z.object({
  ...standing,
  phases: z.array(LogPhase),
  /** Numbers of the first lines that tell an error. */
  errors: z.array(z.int()),
  errorCount: z.int(),
  /** Whether it is known when lines came. */
  timed: z.boolean(),
});
export type LogPhases = z.infer<typeof LogPhases>;

export const LogFound = z.object({
  /** Numbers of lines. */
  lines: z.array(z.int()),
  /** How many matching lines come before these. */
  before: z.int(),
  /** Of the whole log. */
  total: z.int(),
  /** The cursor of those that follow; null at the end. */
  next: z.string().nullable(),
});
export type LogFound = z.infer<typeof LogFound>;
