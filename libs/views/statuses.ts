/**
 * How a status is drawn: a shape, a word and a colour, so that none of the three is needed to tell
 * it. The word is the status itself, as the API says it.
 */
import type { JobStatus } from '#protocol/api/evaluation.js';
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import type { WorkerAnswer } from '#protocol/api/worker.js';

export type Tone = 'good' | 'bad' | 'farm' | 'busy' | 'idle' | 'off';
export type Shape =
  'check' | 'cross' | 'chain' | 'alert' | 'slash' | 'play' | 'dot' | 'ring' | 'diamond' | 'minus';
export type StatusWord = JobStatus | EvaluationStatus | WorkerAnswer['state'];

interface Drawing {
  readonly tone: Tone;
  readonly shape: Shape;
}

export const drawings: Readonly<Record<StatusWord, Drawing>> = {
  scheduled: { tone: 'idle', shape: 'ring' },
  submitted: { tone: 'busy', shape: 'dot' },
  started: { tone: 'busy', shape: 'play' },
  succeeded: { tone: 'good', shape: 'check' },
  failed: { tone: 'bad', shape: 'cross' },
  'failed-dependency': { tone: 'bad', shape: 'chain' },
  'failed-other': { tone: 'farm', shape: 'alert' },
  canceled: { tone: 'off', shape: 'slash' },
  error: { tone: 'bad', shape: 'diamond' },
  aborted: { tone: 'off', shape: 'slash' },
  connected: { tone: 'good', shape: 'check' },
  draining: { tone: 'busy', shape: 'dot' },
  paused: { tone: 'off', shape: 'slash' },
  'disk-guard': { tone: 'farm', shape: 'alert' },
  refused: { tone: 'bad', shape: 'cross' },
  offline: { tone: 'idle', shape: 'ring' },
};

/** The order in which jobs are counted and filtered: what wants a look comes first. */
export const jobOrder: readonly JobStatus[] = [
  'failed',
  'failed-dependency',
  'failed-other',
  'error',
  'started',
  'submitted',
  'scheduled',
  'canceled',
  'succeeded',
];

/** Paths in a 16 by 16 box, drawn with lines of the current colour. */
export const shapes: Readonly<Record<Shape, string>> = {
  check: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13zM5 8.2l2.2 2.2L11 6',
  cross: 'M2 2h12v12H2zM5.5 5.5l5 5M10.5 5.5l-5 5',
  chain: 'M1.5 8h4M10.5 8h4M5.5 4.5h5v7h-5zM8 2v2.5M8 11.5V14',
  alert: 'M8 1.8L14.8 14H1.2zM8 6v4M8 11.6v.8',
  slash: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13zM3.5 12.5l9-9',
  play: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13zM6.5 5.2v5.6L11 8z',
  dot: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13zM8 7v2M7 8h2',
  ring: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13z',
  minus: 'M2 2h12v12H2zM5 8h6',
  diamond: 'M8 1L15 8L8 15L1 8zM8 4.8V9M8 10.6v.8',
};
