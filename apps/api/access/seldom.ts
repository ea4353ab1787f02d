/** Warnings that a stranger can cause are told once a minute each, or they would fill the disk. */
import { Logger } from '@nestjs/common';

const logger = new Logger('access');
const everyMilliseconds = 60_000;
const keptAtMost = 100;
const told = new Map<string, { at: number; left: number }>();

/** `kind` is one of ours: of each only the first in a minute is told, with how many were not. */
export function warnSeldom(kind: string, text: string, now = Date.now()): void {
  const last = told.get(kind);
  if (last && now - last.at < everyMilliseconds) {
    last.left += 1;
    return;
  }
  if (told.size >= keptAtMost) told.clear();
  told.set(kind, { at: now, left: 0 });
  const more = last && last.left > 0 ? ` (and ${last.left} before)` : '';
  logger.warn(`${text}${more}`);
}
