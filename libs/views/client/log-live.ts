/**
 * A log that still grows: one stream of its own, while its tab is seen and has its turn. The stream
 * says how many lines there are and brings the last; whatever lies between is fetched when it is
 * looked at. Of an evaluation, whose log has no stream, it is asked for while the tab is seen.
 */
import type { LogLine, LogSource } from './log-source.js';
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

const askMilliseconds = 1000;

/** Begins after a moment, since the page has just been loaded; ends with the log. */
export function askOn(source: LogSource, hearer: Pick<Hearer, 'grown' | 'ended'>): void {
  let known = -1;
  const ask = async (): Promise<void> => {
    const log = document.hidden ? null : await source.phases();
    if (log && log.bytes !== known) {
      known = log.bytes;
      const { total, phases, errors } = log;
      hearer.grown({ total, lines: [], phases: phases.length, errors: errors.length });
    }
    if (log?.ended) hearer.ended();
    else setTimeout(() => void ask(), askMilliseconds);
  };
  setTimeout(() => void ask(), askMilliseconds);
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
