/**
 * Whether a server that fails is asked at all. After some faults in a row it is left alone for a
 * while, which grows; then one question tries it again. Times are milliseconds that only grow.
 */
export interface Circuit {
  readonly faults: number;
  /** Of the first fault since it answered last; null while it answers. */
  readonly failingSince: number | null;
  /** It is left alone until then; null: it is asked. */
  readonly restsUntil: number | null;
  /** The one question that tries it again is on its way. */
  readonly tried: boolean;
}

export const closedCircuit: Circuit = {
  faults: 0,
  failingSince: null,
  restsUntil: null,
  tried: false,
};

const faultsAtMost = 3;
const shortestRest = 15_000;
const longestRest = 300_000;

/** `try`: one question may go, and its end decides. */
export function mayAsk({ restsUntil, tried }: Circuit, now: number): 'yes' | 'try' | 'no' {
  if (restsUntil === null) return 'yes';
  return now >= restsUntil && !tried ? 'try' : 'no';
}

export function trying(circuit: Circuit): Circuit {
  return { ...circuit, tried: true };
}

export function afterAnswer(): Circuit {
  return closedCircuit;
}

export function afterFault(circuit: Circuit, now: number): Circuit {
  const faults = circuit.faults + 1;
  const failingSince = circuit.failingSince ?? now;
  if (faults < faultsAtMost) return { faults, failingSince, restsUntil: null, tried: false };
  const rest = Math.min(shortestRest * 2 ** (faults - faultsAtMost), longestRest);
  // Questions that were under way when it opened fail after it, and are no news.
  if (circuit.restsUntil !== null && !circuit.tried) return circuit;
  return { faults, failingSince, restsUntil: now + rest, tried: false };
}
