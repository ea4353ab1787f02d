/** The audit log as the REST API tells it: who changed what, chained by hashes. */
import { z } from 'zod';
import { roles, vias } from '#domain/access/actor.js';
import type { ChainedEntry, Json } from '#domain/access/audit-chain.js';
import { Id, PageQuery, pageOf, Time } from './page.js';

/** SHA-256 in hexadecimal. */
const Hash = z.string();

export const AuditEntryAnswer = z.object({
  id: Id,
  at: Time,
  actor: z.object({
    name: z.string(),
    via: z.enum(vias),
    role: z.enum(roles),
    /** The token by which it acted. */
    token: Id.nullable(),
    /** Of the certificate, in hexadecimal. */
    fingerprint: z.string().nullable(),
  }),
  action: z.string(),
  /** KIND/NAME of what it was done to. */
  subject: z.string(),
  outcome: z.enum(['done', 'failed', 'unknown']),
  /** What was asked for, without its secrets. */
  asked: z.unknown(),
  before: z.unknown(),
  after: z.unknown(),
  /** The hash of the entry before. */
  previous: Hash,
  /** SHA-256 of all the rest as canonical JSON. */
  hash: Hash,
});
export type AuditEntryAnswer = z.infer<typeof AuditEntryAnswer>;

const Word = z.string().min(1).max(200).optional();
export const AuditQuery = PageQuery.extend({ actor: Word, action: Word, subject: Word });
export type AuditQuery = z.infer<typeof AuditQuery>;

export const AuditList = pageOf(AuditEntryAnswer);
export type AuditList = z.infer<typeof AuditList>;

/** Numbers of entries; 0 stands before the first. */
export const ChainQuery = z.object({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(500),
});
export type ChainQuery = z.infer<typeof ChainQuery>;

export const ChainAnswer = z.object({
  /** The last entry of all, as it is kept apart from the entries; 0 before the first. */
  head: z.object({ id: z.string().regex(/^\d{1,16}$/), hash: Hash }),
  /** In their order, oldest first. */
  items: z.array(AuditEntryAnswer),
});
export type ChainAnswer = z.infer<typeof ChainAnswer>;

export function answerOfEntry({ id, ...entry }: ChainedEntry): AuditEntryAnswer {
  return { ...entry, id: String(id) };
}

/** As it was hashed. */
export function entryOfAnswer({ id, ...entry }: AuditEntryAnswer): ChainedEntry {
  const { asked, before, after } = entry as { asked: Json; before: Json; after: Json };
  return { ...entry, asked, before, after, id: Number(id) };
}
