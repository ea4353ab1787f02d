/**
 * A log that still grows: one stream of its own, while its tab is seen and has its turn. The stream
 * says how many lines there are and brings the last; whatever lies between is fetched when it is
 * looked at.
 */
import type { LogLine } from './log-source.js';
import { takeTurns } from './turns.js';

export interface Growth {
  readonly total: number;
  readonly lines: readonly LogLine[];
  readonly phases: number;
  readonly errors: number;
}

export interface Hearer {
  grown(growth: Growth): void;
  ended(): void;
  /** Another attempt has begun. */
  begun(attempt: string): void;
}

export function followLog(address: string, hearer: Hearer): void {
  let source: EventSource | null = null;
  const open = (): void => {
    source = new EventSource(address);
    source.addEventListener('lines', ({ data }: MessageEvent<string>) =>
      hearer.grown(JSON.parse(data) as Growth),
    );
    source.addEventListener('attempt', ({ data }: MessageEvent<string>) =>
      hearer.begun((JSON.parse(data) as { attempt: string }).attempt),
    );
    source.addEventListener('end', () => {
      leave();
      hearer.ended();
    });
  };
  const leave = takeTurns('log', { open, close: () => source?.close() });
}
