/**
 * Whether the outputs that a worker reports can be offered: every output of the derivation, at its
 * path, arrived here with the hash that the worker names, and refers only to what is offered or
 * comes with it. Anything else is the farm's fault, never the package's. Only a build whose bytes
 * differ from what is offered of another attempt is the package's own.
 */
import type { AttemptOutcome } from './next-build-status.js';

export interface ReportedPath {
  readonly name: string;
  /** Base name. */
  readonly path: string;
  /** `sha256:` and nix-base32, of the whole nar. */
  readonly narHash: string;
  readonly narSize: number;
  /** Base names. */
  readonly references: readonly string[];
}

export interface OutputFacts {
  readonly expected: readonly { readonly name: string; readonly path: string | null }[];
  /** Path → nar hash, recomputed here, of what this attempt uploaded. */
  readonly uploaded: ReadonlyMap<string, string>;
  /** Path → nar hash, of the reported paths and references that the store offers already. */
  readonly offered: ReadonlyMap<string, string>;
  /** Of the references, those that the store leaves to an upstream that has them. */
  readonly relied?: ReadonlySet<string>;
}

export function judgeOutputs(
  reported: readonly ReportedPath[],
  facts: OutputFacts,
): AttemptOutcome {
  const lack =
    mismatch(reported, facts.expected) ??
    reported.map((output) => notArrived(output, facts)).find((fault) => fault !== null) ??
    reported.map((output) => dangling(output, reported, facts)).find((fault) => fault !== null);
  if (lack) return { kind: 'failed', reason: 'upload-failed', message: lack };
  const notes = reported.flatMap((output) => differing(output, facts));
  if (notes.length === 0) return { kind: 'succeeded' };
  const note = notes.join(' ');
  // Beside what another attempt made stands none of this one's: their bytes are never mixed.
  const whole = reported.every((output) => facts.offered.has(output.path));
  if (!whole) return { kind: 'failed', reason: 'nondeterministic', message: note };
  return { kind: 'succeeded', note };
}

function mismatch(
  reported: readonly ReportedPath[],
  expected: OutputFacts['expected'],
): string | null {
  const byName = new Map(reported.map((output) => [output.name, output]));
  if (byName.size !== reported.length) return 'The report names an output twice.';
  for (const { name, path } of expected) {
    const output = byName.get(name);
    if (!output) return `The report lacks the output ${name}.`;
    if (path !== null && path !== output.path) {
      return `The output ${name} is reported at ${output.path} instead of ${path}.`;
    }
  }
  if (reported.length > expected.length) return 'The report names an output that does not exist.';
  return null;
}

function notArrived(output: ReportedPath, { uploaded, offered }: OutputFacts): string | null {
  if (offered.has(output.path)) return null;
  const hash = uploaded.get(output.path);
  if (hash === undefined) return `The output ${output.path} was not uploaded.`;
  if (hash === output.narHash) return null;
  return `The output ${output.path} arrived as ${hash}, but is reported as ${output.narHash}.`;
}

function dangling(
  output: ReportedPath,
  reported: readonly ReportedPath[],
  { offered, relied }: OutputFacts,
): string | null {
  const own = new Set(reported.map((other) => other.path));
  const isThere = (ref: string): boolean =>
    own.has(ref) || offered.has(ref) || relied?.has(ref) === true;
  const missing = output.references.find((ref) => !isThere(ref));
  return missing === undefined
    ? null
    : `${output.path} refers to ${missing}, which is not offered.`;
}

/** What is offered stays as it is: somebody may have it, under its signature. */
function differing(output: ReportedPath, { offered }: OutputFacts): string[] {
  const kept = offered.get(output.path);
  if (kept === undefined || kept === output.narHash) return [];
  return [
    `Not reproducible: ${output.path} is offered as ${kept}, this attempt made ${output.narHash}.`,
  ];
}
