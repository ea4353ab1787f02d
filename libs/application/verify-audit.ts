/** Walks the audit log from its first entry to its last and tells each place where it is broken. */
import {
  beforeTheFirst,
  faultOfEnd,
  faultsOf,
  type AuditHead,
  type ChainedEntry,
  type ChainFault,
  type Sha256,
} from '#domain/access/audit-chain.js';

export interface ReadAudit {
  /** All entries in order, oldest first. */
  entries(): AsyncIterable<ChainedEntry>;
  /** Of the last entry, kept apart from the entries. */
  head(): Promise<AuditHead>;
}

export interface AuditVerdict {
  readonly entries: number;
  /** To be kept elsewhere: who has it finds out whether all of the chain was written anew. */
  readonly head: AuditHead;
  readonly faults: readonly (ChainFault | { readonly kind: 'unlike-known'; readonly id: number })[];
}

const toldAtMost = 1000;

/** `known` is a head that an earlier verification told; null when nobody kept one. */
export async function verifyAudit(
  log: ReadAudit,
  sha256: Sha256,
  known: AuditHead | null = null,
): Promise<AuditVerdict> {
  // Read before the entries: what is appended meanwhile lies beyond it.
  const head = await log.head();
  const faults: AuditVerdict['faults'][number][] = [];
  let previous = beforeTheFirst;
  let atHead: AuditHead | null = head.id === 0 ? head : null;
  let met = known === null;
  let entries = 0;
  for await (const entry of log.entries()) {
    entries += 1;
    faults.push(...faultsOf(entry, previous, sha256));
    previous = { id: entry.id, hash: entry.hash };
    if (entry.id === head.id) atHead = previous;
    if (entry.id === known?.id) met = entry.hash === known.hash;
    if (faults.length >= toldAtMost) break;
  }
  const end = faultOfEnd(atHead ?? previous, head);
  if (end !== null && faults.length < toldAtMost) faults.push(end);
  if (!met && known) faults.push({ kind: 'unlike-known', id: known.id });
  return { entries, head, faults };
}
