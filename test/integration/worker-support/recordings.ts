/** The kept recordings of the worker protocol, by version; see test/fixtures/protocol/README.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeLogFrame, type LogFrame } from '#protocol/log-frame.js';
import type { Frame } from './recording-proxy.js';

const directory = fileURLToPath(new URL('../../fixtures/protocol', import.meta.url));

export interface Recording {
  readonly version: number;
  readonly frames: readonly Frame[];
}

export type Message = NonNullable<Frame['message']>;

export function recordings(): readonly Recording[] {
  return readdirSync(directory)
    .flatMap((name) => /^v([0-9]+)$/.exec(name)?.[1] ?? [])
    .map((version) => {
      const file = join(directory, `v${version}`, 'three-builds.jsonl');
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
      const frames = lines.map((line) => JSON.parse(line) as Frame);
      return { version: Number(version), frames };
    });
}

export function logFrameOf(frame: Frame): LogFrame {
  const decoded = decodeLogFrame(Buffer.from(frame.binary ?? '', 'base64'));
  if (!decoded.ok) throw new Error('a recorded binary frame is no log frame');
  return decoded.value;
}

/** The fields that a side ever told in messages of a type: what that version knows. */
export function fieldsOf(recording: Recording, from: Frame['from']): Map<string, Set<string>> {
  const fields = new Map<string, Set<string>>();
  for (const frame of recording.frames) {
    if (frame.from !== from || !frame.message) continue;
    const known = fields.get(kindOf(frame.message)) ?? new Set();
    for (const field of Object.keys(frame.message)) known.add(field);
    fields.set(kindOf(frame.message), known);
  }
  return fields;
}

/** The type, and of an acknowledgement what it is of. */
export function kindOf(message: Message): string {
  return 'of' in message ? `${message.type} ${String(message['of'])}` : message.type;
}

export function attemptOf(message: Message): string | null {
  return typeof message['attempt'] === 'string' ? message['attempt'] : null;
}
