/** What a builder left: checked, made canonical, scanned for references and registered. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { FailureReason } from '#domain/build/reason.js';
import type { DerivationOutput } from '#formats/derivation.js';
import { HashSink, isHashAlgorithm, toHex } from '#formats/hash.js';
import { err, ok, type Result } from '#std/result.js';
import { ReferenceScanner } from './reference-scan.js';
import {
  baseName,
  formatNarHash,
  hashTree,
  type LocalStore,
  type RegisteredPath,
} from './store.js';
import { canonicalise } from './trees.js';

export interface BuildFailure {
  readonly reason: FailureReason;
  readonly message: string;
  readonly exitCode?: number;
}

export interface BuiltOutputs {
  readonly derivation: string;
  readonly outputs: readonly DerivationOutput[];
  /** The directory in which the builder made them, by base name. */
  readonly stage: string;
  /** Full paths that an output may refer to, besides the outputs themselves. */
  readonly closure: readonly string[];
}

/** Registers all outputs, or none when one of them is not what it should be. */
export async function takeOutputs(
  store: LocalStore,
  built: BuiltOutputs,
): Promise<Result<void, BuildFailure>> {
  const missing = built.outputs.filter((output) => !isThere(stagedAt(built, output)));
  if (missing.length > 0) {
    const names = missing.map(({ name, path }) => `${name} (${path})`).join(', ');
    return failed('output-missing', `the builder did not produce ${names}`);
  }
  const entries: RegisteredPath[] = [];
  for (const output of built.outputs) {
    const entry = await examine(built, output);
    if (!entry.ok) return entry;
    entries.push(entry.value);
  }
  const cycle = cycleAmong(entries);
  if (cycle) return failed('output-cycle', `outputs refer to one another: ${cycle.join(' → ')}`);
  for (const entry of entries) {
    await store.register(join(built.stage, baseName(entry.path)), entry);
  }
  return ok(undefined);
}

async function examine(
  built: BuiltOutputs,
  output: DerivationOutput,
): Promise<Result<RegisteredPath, BuildFailure>> {
  const staged = stagedAt(built, output);
  const strange = canonicalise(staged);
  if (strange !== null) {
    const sentence = `${strange.slice(built.stage.length + 1)} is not a file, directory or link`;
    return failed('builder-failed', sentence);
  }
  const candidates = [...built.closure, ...built.outputs.map(({ path }) => path)];
  const byHashPart = new Map(candidates.map((path) => [baseName(path).slice(0, 32), path]));
  const scanner = new ReferenceScanner(byHashPart.keys());
  const { digest, size } = await hashTree(staged, (piece) => scanner.push(piece));
  const narHash = formatNarHash(digest);
  const ca = await contentAddress(staged, { output, narDigest: digest });
  if (!ca.ok) return ca;
  const references = [...scanner.found].map((part) => byHashPart.get(part)!).sort();
  const { path } = output;
  return ok({
    path,
    narHash,
    narSize: size,
    references,
    ca: ca.value,
    deriver: baseName(built.derivation),
  });
}

/** For a fixed output the content address, once its hash agrees; null for any other. */
async function contentAddress(
  staged: string,
  { output, narDigest }: { readonly output: DerivationOutput; readonly narDigest: Uint8Array },
): Promise<Result<string | null, BuildFailure>> {
  if (output.hash === '') return ok(null);
  const recursive = output.hashAlgorithm.startsWith('r:');
  const algorithm = recursive ? output.hashAlgorithm.slice(2) : output.hashAlgorithm;
  if (!isHashAlgorithm(algorithm)) return failed('hash-mismatch', `unknown hash ${algorithm}`);
  const stat = fs.lstatSync(staged);
  if (!recursive && (!stat.isFile() || (stat.mode & 0o100) !== 0)) {
    return failed('hash-mismatch', 'a flat fixed output is one plain file');
  }
  const got = recursive && algorithm === 'sha256' ? narDigest : await digestOf(staged, output);
  if (toHex(got) !== output.hash) {
    const sentence = `declared ${algorithm}:${output.hash}, got ${algorithm}:${toHex(got)}`;
    return failed('hash-mismatch', sentence);
  }
  return ok(`fixed:${recursive ? 'r:' : ''}${algorithm}:${toHex(got)}`);
}

async function digestOf(staged: string, output: DerivationOutput): Promise<Uint8Array> {
  const recursive = output.hashAlgorithm.startsWith('r:');
  const algorithm = recursive ? output.hashAlgorithm.slice(2) : output.hashAlgorithm;
  const sink = new HashSink(isHashAlgorithm(algorithm) ? algorithm : 'sha256');
  if (recursive) await hashTree(staged, (piece) => sink.update(piece));
  else for await (const piece of fs.createReadStream(staged)) sink.update(piece as Uint8Array);
  return sink.digest();
}

/** A cycle of outputs that refer to one another, as paths; an output may refer to itself. */
function cycleAmong(entries: readonly RegisteredPath[]): string[] | null {
  const left = new Map(entries.map(({ path, references }) => [path, new Set(references)]));
  for (const [path, references] of left) references.delete(path);
  for (let done = false; !done;) {
    done = true;
    for (const [path, references] of left) {
      if ([...references].some((reference) => left.has(reference))) continue;
      left.delete(path);
      done = false;
    }
  }
  return left.size === 0 ? null : [...left.keys()];
}

function stagedAt(built: BuiltOutputs, output: DerivationOutput): string {
  return join(built.stage, baseName(output.path));
}

function isThere(path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function failed(reason: FailureReason, message: string): Result<never, BuildFailure> {
  return err({ reason, message });
}
