import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  byteStringOf,
  cutFrame,
  maskFrame,
  parseDerivation,
  printDerivation,
  printFrame,
  textOfByteString,
  type Derivation,
} from './derivation.js';

const fixtures = new URL('../../test/fixtures/formats/', import.meta.url);
const files = ['guix/drv/', 'nix/drv/'].flatMap((folder) =>
  readdirSync(new URL(folder, fixtures)).map((name) => folder + name),
);

function fixture(name: string): Uint8Array {
  const found = files.find((file) => file.endsWith(name)) ?? name;
  return readFileSync(new URL(found, fixtures));
}

function parsed(bytes: Uint8Array): Derivation {
  const result = parseDerivation(bytes);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const byteString = fc.uint8Array({ maxLength: 20 }).map((b) => Buffer.from(b).toString('latin1'));
const byteStrings = fc.array(byteString, { maxLength: 4 });
const ascending = fc.uniqueArray(byteString, { maxLength: 4 }).map((list) => [...list].sort());
const anyDerivation: fc.Arbitrary<Derivation> = fc
  .record({
    names: ascending,
    paths: ascending,
    env: ascending,
    inputSources: ascending,
    args: byteStrings,
    text: byteString,
  })
  .map(({ names, paths, env, inputSources, args, text }) => ({
    outputs: names.map((name) => ({ name, path: text, hashAlgorithm: '', hash: text })),
    inputDerivations: paths.map((path) => ({ path, outputs: names })),
    inputSources,
    system: text,
    builder: text,
    args,
    env: env.map((name) => [name, text] as const),
  }));

describe('derivation files', () => {
  it('of real Nix and Guix print back byte for byte', () => {
    expect(files.length).toBeGreaterThanOrEqual(26);
    for (const file of files) {
      const bytes = fixture(file);
      expect(Buffer.compare(printDerivation(parsed(bytes)), bytes)).toBe(0);
    }
  });

  it('say what the recipe said', () => {
    const top = parsed(fixture('-top-1.0.drv'));
    expect(top.outputs.map((output) => output.name)).toEqual(['doc', 'out']);
    expect(top.inputDerivations).toEqual([
      { path: '/gnu/store/rx3zxsg648wfhxy052vrj4j287h250ca-dep-1.0.drv', outputs: ['out'] },
    ]);
    expect(top.system).toBe('x86_64-linux');
    expect(top.args).toEqual(['-c', 'echo building top; echo $dep > $out; echo $dep > $doc']);
    const script = new Map(parsed(fixture('-escapes.drv')).env).get('script') ?? '';
    expect(textOfByteString(script)).toBe("tab\t quote\" back\\ line\n return\r é ☃ $''{x}");
    expect(byteStringOf('é')).toBe('Ã©');
  });

  it('hold any bytes in their strings', () => {
    fc.assert(
      fc.property(anyDerivation, (derivation) => {
        expect(parsed(printDerivation(derivation))).toEqual(derivation);
      }),
    );
  });

  it('are cut around their inputs as they would be printed, with or without output paths', () => {
    fc.assert(
      fc.property(anyDerivation, (derivation) => {
        const frame = cutFrame(derivation, printDerivation(derivation));
        expect(frame).toEqual(printFrame(derivation));
      }),
    );
    for (const file of files) {
      const bytes = fixture(file);
      const derivation = parsed(bytes);
      const names = new Set(derivation.outputs.map(({ name }) => name));
      const masked = {
        ...derivation,
        outputs: derivation.outputs.map((output) => ({ ...output, path: '' })),
        env: derivation.env.map(([name, value]) => [name, names.has(name) ? '' : value] as const),
      };
      expect(maskFrame(cutFrame(derivation, bytes), derivation)).toEqual(printFrame(masked));
    }
  });

  it('are refused when cut short anywhere', () => {
    const bytes = fixture('-escapes.drv');
    for (let length = 0; length < bytes.length; length++) {
      expect(parseDerivation(bytes.subarray(0, length))).toMatchObject({
        ok: false,
        error: { kind: 'truncated', offset: length },
      });
    }
  });

  it('are refused or print back the same, whichever byte changes', () => {
    const bytes = fixture('-multi.drv');
    const place = fc.nat({ max: bytes.length - 1 });
    fc.assert(
      fc.property(place, fc.nat({ max: 255 }), (at, byte) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = byte;
        const result = parseDerivation(changed);
        if (result.ok) expect(printDerivation(result.value)).toEqual(changed);
        else expect(result.error.offset).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.uint8Array(), (any) => void parseDerivation(any)));
  });
});

describe('a derivation file that the tools would not print', () => {
  const text = Buffer.from(fixture('-multi.drv')).toString('latin1');
  const refusal = (changed: string): unknown => {
    expect(changed).not.toBe(text);
    const result = parseDerivation(Buffer.from(changed, 'latin1'));
    return result.ok ? 'accepted' : result.error.kind;
  };

  it('is refused for an attribute given twice or out of order', () => {
    expect(refusal(text.replace('("doc","/nix', '("lib","/nix'))).toBe('unordered');
    expect(refusal(text.replace('("builder","/bin/sh"),', '("name",""),'))).toBe('unordered');
    expect(refusal(text.replace('["out"])]', '["out","out"])]'))).toBe('unordered');
  });

  it('is refused for other escapes and for raw line feeds', () => {
    expect(refusal(text.replace('echo', 'e\\cho'))).toBe('bad-escape');
    expect(refusal(text.replace('echo', 'e\ncho'))).toBe('unexpected-byte');
    expect(refusal(text.replace('echo', 'e\\\\\tcho'))).toBe('unexpected-byte');
  });

  it('is refused for white space and for anything after its end', () => {
    expect(refusal(text.replace('([', '([ '))).toBe('unexpected-byte');
    expect(refusal(`${text}\n`)).toBe('trailing-bytes');
    expect(refusal(text.replace('Derive(', 'DrvWithVersion("x",'))).toBe('unexpected-byte');
  });

  it('cannot be printed from characters beyond a byte', () => {
    const derivation = { ...parsed(fixture('-multi.drv')), system: '☃' };
    expect(() => printDerivation(derivation)).toThrow(/byte strings/);
  });
});
