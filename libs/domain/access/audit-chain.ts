/**
 * The audit log as a chain: the hash of each entry covers all that it says, its number and the
 * hash of the one before it. Who alters, takes out or swaps entries must write all later hashes
 * anew, and cannot where somebody keeps one of them elsewhere.
 */
import type { Role, Via } from './actor.js';

/** Values as JSON has them: what is hashed is what a database gives back. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

export type AuditOutcome =
  | 'done'
  /** It ended with an error of ours: what became of it is not known for sure. */
  | 'failed'
  /** The process that carried it out ended before it could tell. */
  | 'unknown';

export interface AuditEntry {
  /** From 1 on, without gaps. */
  readonly id: number;
  /** RFC 3339 in UTC with milliseconds. */
  readonly at: string;
  readonly actor: AuditActor;
  /** An action of actor.ts. */
  readonly action: string;
  /** KIND/NAME of what it was done to: `specification/guix`, `worker/7`, `farm`. */
  readonly subject: string;
  readonly outcome: AuditOutcome;
  /** What was asked for, without its secrets. */
  readonly asked: Json;
  readonly before: Json;
  readonly after: Json;
  /** The hash of the entry before; 64 zeros before the first. */
  readonly previous: string;
}

export interface AuditActor {
  readonly name: string;
  readonly via: Via;
  readonly role: Role;
  readonly token: string | null;
  readonly fingerprint: string | null;
}

export interface ChainedEntry extends AuditEntry {
  /** SHA-256 of `canonicalJson` of all the rest, in lower-case hexadecimal. */
  readonly hash: string;
}

/** The last entry that was written. */
export interface AuditHead {
  readonly id: number;
  readonly hash: string;
}

export const beforeTheFirst: AuditHead = { id: 0, hash: '0'.repeat(64) };

/** SHA-256 of a text in UTF-8, in lower-case hexadecimal. */
export type Sha256 = (text: string) => string;

export function hashOf(entry: AuditEntry, sha256: Sha256): string {
  const { id, at, actor, action, subject, outcome, asked, before, after, previous } = entry;
  const { name, via, role, token, fingerprint } = actor;
  const covered = { id, at, action, subject, outcome, asked, before, after, previous };
  return sha256(canonicalJson({ ...covered, actor: { name, via, role, token, fingerprint } }));
}

/** Names in the order of their code units, no spaces, as RFC 8785 writes it. */
function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const names = Object.keys(value).sort();
  const pairs = names.map(
    (name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`,
  );
  return `{${pairs.join(',')}}`;
}

export type ChainFault =
  /** It does not say what it said when it was written. */
  | { readonly kind: 'altered'; readonly id: number }
  /** Entries `from` to `to` are gone. */
  | { readonly kind: 'missing'; readonly from: number; readonly to: number }
  /** It follows another entry than the one that stands before it. */
  | { readonly kind: 'swapped'; readonly id: number };

/** What is wrong with an entry, and between it and the one that was read before it. */
export function faultsOf(entry: ChainedEntry, previous: AuditHead, sha256: Sha256): ChainFault[] {
  const faults: ChainFault[] = [];
  const gap = entry.id - previous.id;
  if (gap > 1) faults.push({ kind: 'missing', from: previous.id + 1, to: entry.id - 1 });
  else if (entry.previous !== previous.hash) faults.push({ kind: 'swapped', id: entry.id });
  if (hashOf(entry, sha256) !== entry.hash) faults.push({ kind: 'altered', id: entry.id });
  return faults;
}

/** Entries that were cut off the end: the head tells of one that is not there. */
export function faultOfEnd(last: AuditHead, head: AuditHead): ChainFault | null {
  if (last.id < head.id) return { kind: 'missing', from: last.id + 1, to: head.id };
  if (last.id > head.id || last.hash !== head.hash) return { kind: 'swapped', id: last.id };
  return null;
}

function isList(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}
