/** Reads as much of a log's end as a page shows. */
import { Inject, Injectable } from '@nestjs/common';
import { readBytes } from '#adapters/log-store/read-bytes.js';
import type { LogKey, LogStore } from '#application/ports/log-store.js';
import { emptyTail, tailBytes, type LogTail } from '#views/log-view.js';
import { LOG_STORE } from '../farm/tokens.js';
import { wholeText } from '../logs/whole-text.js';

@Injectable()
export class LogTails {
  constructor(@Inject(LOG_STORE) private readonly logs: LogStore) {}

  /** `size` ends where the text does: a stream may go on from there. */
  async of(key: LogKey | null): Promise<LogTail> {
    if (key === null) return emptyTail;
    const end = await this.logs.size(key);
    const start = Math.max(0, end - tailBytes);
    const read = await readBytes(this.logs, key, { start, end });
    const { text, bytes } = wholeText(read, false);
    return { text, size: start + bytes, whole: start === 0 };
  }
}
