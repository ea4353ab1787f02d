/**
 * A log that still grows: one stream of its own, and only while its tab is seen, so that many tabs
 * leave the browser's six connections free. The stream says how many lines there are and brings the
 * last; whatever lies between is fetched when it is looked at.
 */
import type { LogLine } from './log-source.js';

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
  let over = false;
  const listen = (): void => {
    if (over || source) return;
    source = new EventSource(address);
    source.addEventListener('lines', ({ data }: MessageEvent<string>) =>
      hearer.grown(JSON.parse(data) as Growth),
    );
    source.addEventListener('attempt', ({ data }: MessageEvent<string>) =>
      hearer.begun((JSON.parse(data) as { attempt: string }).attempt),
    );
    source.addEventListener('end', () => {
      over = true;
      source?.close();
      hearer.ended();
    });
  };
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) return listen();
    source?.close();
    source = null;
  });
  if (!document.hidden) listen();
}
