/** What surrounds a build: the builds of its job before it, its closure, and its neighbourhood. */
import { z } from 'zod';
import { BuildSummary } from './build.js';
import { BuildStatusWord } from './evaluation.js';
import { Id, Time } from './page.js';

/** A result of the job; the build is null where only the evaluation was kept. */
export const StoryPoint = z.object({ evaluation: Id, build: Id.nullable() });
export type StoryPoint = z.infer<typeof StoryPoint>;

/** A channel that changed between the two results. */
export const ChannelChange = z.object({
  channel: z.string(),
  from: z.string(),
  to: z.string(),
  /** Where people read the commits between; null where the host is not known. */
  address: z.string().nullable(),
});
export type ChannelChange = z.infer<typeof ChannelChange>;

export const PastBuild = z.object({
  id: Id,
  status: BuildStatusWord,
  startedAt: Time,
  endedAt: Time,
});
export type PastBuild = z.infer<typeof PastBuild>;

export const BuildHistoryAnswer = z.object({
  /** The newest success before the failure, or that lasts until now. */
  lastSuccess: StoryPoint.nullable(),
  /** Of the failures that last until now. */
  firstFailure: StoryPoint.nullable(),
  lastFailure: StoryPoint.nullable(),
  /** Of the successes that last until now. */
  firstSuccess: StoryPoint.nullable(),
  /** Between the two results where the job turned. */
  changes: z.array(ChannelChange),
  /** Builds of the same job that a worker ended, the newest first, this one among them. */
  builds: z.array(PastBuild),
});
export type BuildHistoryAnswer = z.infer<typeof BuildHistoryAnswer>;

export const OutputClosure = z.object({
  output: z.string(),
  /** Offered paths that come with it, itself among them. */
  paths: z.int(),
  /** Bytes, unpacked. */
  size: z.int(),
  /** False where it has more paths than were counted. */
  whole: z.boolean(),
  /** What is downloaded of the output itself. */
  archives: z.array(z.object({ compression: z.string(), size: z.int() })),
});
export type OutputClosure = z.infer<typeof OutputClosure>;
export const ClosureAnswer = z.object({ items: z.array(OutputClosure) });
export type ClosureAnswer = z.infer<typeof ClosureAnswer>;

export const GraphNode = BuildSummary.extend({
  /** Steps from the build: inputs below 0, dependents above. */
  distance: z.int(),
  /** Of the way from the build to what it failed by. */
  onFailingPath: z.boolean(),
});
export type GraphNode = z.infer<typeof GraphNode>;

export const GraphAnswer = z.object({
  nodes: z.array(GraphNode),
  /** `to` needs `from`. */
  edges: z.array(z.object({ from: Id, to: Id })),
  /** Whether builds were left out. */
  cut: z.boolean(),
});
export type GraphAnswer = z.infer<typeof GraphAnswer>;

export const GraphQuery = z.object({
  /** Steps from the build, each way. */
  steps: z.coerce.number().int().min(1).max(6).default(2),
  limit: z.coerce.number().int().min(1).max(300).default(100),
});
export type GraphQuery = z.infer<typeof GraphQuery>;
