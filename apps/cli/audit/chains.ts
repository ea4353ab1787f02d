/** The audit log as a farm tells it, and as an export holds it. */
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import type { Client } from '#client/client.js';
import { getAuditChain } from '#client/generated/audit.js';
import type { ReadAudit } from '#application/verify-audit.js';
import { beforeTheFirst, type AuditHead, type ChainedEntry } from '#domain/access/audit-chain.js';
import { AuditEntryAnswer, ChainAnswer, entryOfAnswer } from '#protocol/api/audit.js';
import { Refusal } from '../exit-codes.js';
import { known } from '../farm-api.js';

export class FarmChain implements ReadAudit {
  constructor(private readonly client: Client) {}

  async head(): Promise<AuditHead> {
    const { head } = await this.ask(0, 1);
    return { id: Number(head.id), hash: head.hash };
  }

  async *entries(): AsyncGenerator<ChainedEntry> {
    for await (const answer of this.answers()) yield entryOfAnswer(answer);
  }

  async *answers(): AsyncGenerator<AuditEntryAnswer> {
    for (let after = 0; ;) {
      const { items } = await this.ask(after, 500);
      yield* items;
      const last = items.at(-1);
      if (!last || items.length < 500) return;
      after = Number(last.id);
    }
  }

  private async ask(after: number, limit: number): Promise<ChainAnswer> {
    return known(ChainAnswer, await getAuditChain(this.client, { query: { after, limit } }));
  }
}

/** Its last line is its head: what was cut off its end shows by `--known` alone. */
export async function exportedEntries(file: string): Promise<ReadAudit> {
  await access(file).catch(() => {
    throw new Refusal('usage', `${file} cannot be read`);
  });
  let head = beforeTheFirst;
  for await (const { id, hash } of linesOf(file)) head = { id, hash };
  return { entries: () => linesOf(file), head: () => Promise.resolve(head) };
}

async function* linesOf(file: string): AsyncGenerator<ChainedEntry> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line === '') continue;
    const read = parsed(line);
    if (!read.success) throw new Refusal('unwell', `${file}:${number} is no entry`);
    yield entryOfAnswer(read.data);
  }
}

function parsed(line: string): z.ZodSafeParseResult<AuditEntryAnswer> {
  try {
    return AuditEntryAnswer.safeParse(JSON.parse(line));
  } catch {
    return AuditEntryAnswer.safeParse(null);
  }
}
