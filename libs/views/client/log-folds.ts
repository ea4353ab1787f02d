/**
 * Which lines are seen while phases are folded: places count the seen lines from 0, numbers all
 * lines from 1. A folded phase keeps its first line. Pure.
 */
import type { LogPhase } from './log-source.js';

interface Hidden {
  readonly from: number;
  readonly to: number;
  /** Hidden lines up to the end of this one. */
  readonly sum: number;
}

export class LogFolds {
  phases: readonly LogPhase[] = [];
  private readonly folded = new Set<number>();
  private hidden: readonly Hidden[] = [];

  setPhases(phases: readonly LogPhase[]): void {
    this.phases = phases;
    this.count();
  }

  isFolded(phase: LogPhase): boolean {
    return this.folded.has(phase.from);
  }

  fold(phase: LogPhase, folded: boolean): void {
    if (folded && phase.to !== null && phase.to > phase.from) this.folded.add(phase.from);
    else this.folded.delete(phase.from);
    this.count();
  }

  /** All but one that failed, or goes on. */
  foldAll(folded: boolean): void {
    const last = this.phases.at(-1);
    for (const phase of this.phases) {
      const isWanted = phase.outcome === 'failed' || (phase === last && phase.outcome === null);
      this.fold(phase, folded && !isWanted);
    }
  }

  /** Opens what hides the line; true when something did. */
  reveal(line: number): boolean {
    const phase = this.phaseOf(line);
    if (!phase || !this.folded.has(phase.from) || line === phase.from) return false;
    this.fold(phase, false);
    return true;
  }

  phaseOf(line: number): LogPhase | undefined {
    return this.phases.find(({ from, to }) => line >= from && line <= (to ?? Infinity));
  }

  /** How many lines of so many are seen. */
  places(total: number): number {
    return total - this.hiddenBefore(total + 1);
  }

  /** Of a hidden line, the place of the one that stands for it. */
  placeOf(line: number): number {
    const over = this.hidden.find(({ from, to }) => line >= from && line <= to);
    const seen = over ? over.from - 1 : line;
    return seen - 1 - this.hiddenBefore(seen);
  }

  lineAt(place: number): number {
    let line = place + 1;
    for (const { from, to } of this.hidden) {
      if (from > line) break;
      line += to - from + 1;
    }
    return line;
  }

  private hiddenBefore(line: number): number {
    let sum = 0;
    for (const hidden of this.hidden) {
      if (hidden.from >= line) break;
      sum = hidden.sum;
    }
    return sum;
  }

  private count(): void {
    let sum = 0;
    this.hidden = this.phases
      .filter((phase) => this.isFolded(phase) && phase.to !== null)
      .map(({ from, to }) => {
        sum += to! - from;
        return { from: from + 1, to: to!, sum };
      });
  }
}
