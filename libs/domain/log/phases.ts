/**
 * The phases of a build as its log tells them, line by line. Guix (gnu-build-system): "starting
 * phase `build'", "phase `build' succeeded after 1.2 seconds". Nix (stdenv): `@nix { "action":
 * "setPhase", "phase": "buildPhase" }` and "Running phase: buildPhase"; there a phase ends where
 * the next begins.
 */
export interface Phase {
  readonly name: string;
  /** The number of the line that tells its beginning, from 1. */
  readonly from: number;
  /** The offset of that line. */
  readonly fromByte: number;
  /** Its last line; null while it goes on. */
  readonly to: number | null;
  /** Where its last line ends. */
  readonly toByte: number | null;
  /** As the log tells it; null where the log does not. */
  readonly seconds: number | null;
  readonly outcome: 'succeeded' | 'failed' | null;
}

export interface PhaseMark {
  readonly kind: 'begins' | 'succeeded' | 'failed';
  readonly name: string;
  readonly seconds: number | null;
  /** Nix tells only beginnings. */
  readonly byNix: boolean;
}

/** A build with more is no build by phases. */
const phasesAtMost = 1000;

/** What a line says of phases; null for nothing. Only its first 400 characters are looked at. */
export function phaseMark(line: string): PhaseMark | null {
  const begins = /^starting phase [`']([^\s'`]{1,100})'/.exec(line)?.[1];
  if (begins !== undefined) return mark('begins', begins, null);
  const ended =
    /^phase [`']([^\s'`]{1,100})' (succeeded|failed)(?: after (\d{1,9}(?:\.\d{1,6})?))?/.exec(line);
  if (ended) {
    const seconds = ended[3] === undefined ? null : Number(ended[3]);
    return mark(ended[2] as 'succeeded' | 'failed', ended[1]!, seconds);
  }
  const running = /^Running phase: ([\w.+-]{1,100})\s*$/.exec(line)?.[1] ?? setPhase(line);
  return running === undefined ? null : { ...mark('begins', running, null), byNix: true };
}

function setPhase(line: string): string | undefined {
  if (!line.startsWith('@nix {') || !/"action"\s*:\s*"setPhase"/.test(line)) return undefined;
  return /"phase"\s*:\s*"([\w.+-]{1,100})"/.exec(line)?.[1];
}

function mark(kind: PhaseMark['kind'], name: string, seconds: number | null): PhaseMark {
  return { kind, name, seconds, byNix: false };
}

export interface PhaseLine {
  readonly number: number;
  /** Offsets of its first byte and of the byte behind its line feed. */
  readonly start: number;
  readonly end: number;
}

/** The list of phases after one more mark; the same list when it tells nothing new. */
export function withMark(
  phases: readonly Phase[],
  told: PhaseMark,
  line: PhaseLine,
): readonly Phase[] {
  const last = phases.at(-1);
  const open = last !== undefined && last.to === null;
  if (told.kind !== 'begins') {
    if (!open || last.name !== told.name) return phases;
    const end = { to: line.number, toByte: line.end, seconds: told.seconds, outcome: told.kind };
    return [...phases.slice(0, -1), { ...last, ...end }];
  }
  // stdenv tells each beginning twice, to Nix and to people.
  if (told.byNix && open && last.name === told.name) return phases;
  if (phases.length >= phasesAtMost) return phases;
  const before = open
    ? [...phases.slice(0, -1), { ...last, to: line.number - 1, toByte: line.start }]
    : phases;
  const begun = { from: line.number, fromByte: line.start, to: null, toByte: null };
  return [...before, { name: told.name, ...begun, seconds: null, outcome: null }];
}
