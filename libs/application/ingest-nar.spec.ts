import { describe, expect, it } from '@jest/globals';
import { ok } from '#std/result.js';
import { ingestNar, type ArrivingNar, type IngestParts } from './ingest-nar.js';
import type { StagedFile } from './ports/nar-store.js';

const fileHash = `sha256:${'1'.repeat(52)}`;
const narHash = `sha256:${'2'.repeat(52)}`;

/** Parts that tell the order of what is done to them. */
function tellingParts(story: string[], broken?: string, collected = false): IngestParts {
  const tell = (step: string): void => {
    story.push(step);
    if (step === broken) throw new Error(`${step} failed`);
  };
  const staged: StagedFile = {
    write: async () => tell('write'),
    finish: async () => ({ fileHash, fileSize: 3 }),
    commit: async (key) => tell(`commit ${key.slice(-8)}`),
    discard: async () => void story.push('discard'),
  };
  const meter = {
    push: async () => ok(undefined),
    finish: async () => ok({ narHash, narSize: 8 }),
    close: () => undefined,
  };
  return {
    nars: {
      stage: async () => staged,
      size: async () => (collected ? null : 3),
    } as unknown as IngestParts['nars'],
    startMeter: () => meter,
    substitutes: {
      recordUpload: async () => {
        tell('row');
        return ok('recorded' as const);
      },
    },
  };
}

async function* body(cut = false): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(3);
  if (cut) throw new Error('the sender went away');
}

function arriving(more: Partial<ArrivingNar> = {}): ArrivingNar {
  const principal = { kind: 'service' as const };
  return { slug: 'nix', path: 'p', principal, body: body(), expectedHash: null, ...more };
}

describe('a nar that arrives', () => {
  it('has its bytes safe before its row is written', async () => {
    const story: string[] = [];
    const done = await ingestNar(tellingParts(story), arriving());
    expect(done).toMatchObject({ ok: true, value: { outcome: 'recorded' } });
    expect(story).toEqual(['write', 'commit .nar.zst', 'row', 'discard']);
  });

  it('is put again when its file was collected before its row was there', async () => {
    const story: string[] = [];
    await ingestNar(tellingParts(story, undefined, true), arriving());
    expect(story).toEqual(['write', 'commit .nar.zst', 'row', 'commit .nar.zst', 'discard']);
  });

  it('gets no row when its bytes cannot be made safe', async () => {
    const story: string[] = [];
    const parts = tellingParts(story, 'commit .nar.zst');
    await expect(ingestNar(parts, arriving())).rejects.toThrow('commit');
    expect(story).toEqual(['write', 'commit .nar.zst', 'discard']);
  });

  it('leaves nothing when its sender goes away or its hash is another', async () => {
    const story: string[] = [];
    const parts = tellingParts(story);
    await expect(ingestNar(parts, arriving({ body: body(true) }))).rejects.toThrow('went away');
    const refused = await ingestNar(parts, arriving({ expectedHash: fileHash }));
    expect(refused).toEqual({
      ok: false,
      error: { kind: 'hash-mismatch', expected: fileHash, actual: narHash },
    });
    expect(story).toEqual(['write', 'discard', 'write', 'discard']);
  });
});
