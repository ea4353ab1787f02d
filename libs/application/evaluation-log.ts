/**
 * The log of one evaluation: bytes are appended in order; a second reading goes on below the first.
 */
import type { EvaluationId } from '#domain/ids.js';
import type { Bus } from './ports/bus.js';
import type { LogKey, LogStore } from './ports/log-store.js';

export class EvaluationLog {
  private constructor(
    private readonly store: LogStore,
    private readonly bus: Bus,
    private readonly key: LogKey,
    private size: number,
  ) {}

  static async open(store: LogStore, bus: Bus, evaluation: EvaluationId): Promise<EvaluationLog> {
    const key: LogKey = `evaluation-${evaluation}`;
    return new EvaluationLog(store, bus, key, await store.size(key));
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.size = await this.store.append(this.key, this.size, bytes);
    await this.bus.publish(`live/log/${this.key}`, String(this.size));
  }

  async line(text: string): Promise<void> {
    await this.write(bytesOf(`${text}\n`));
  }

  async close(): Promise<void> {
    await this.store.seal(this.key);
  }
}

/** UTF-8, written out, since the pure rooms have no TextEncoder. */
function bytesOf(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text.toWellFormed()) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) {
      bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    } else {
      const tail = [0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)];
      bytes.push(0xf0 | (code >> 18), ...tail);
    }
  }
  return Uint8Array.from(bytes);
}
