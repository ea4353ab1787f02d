import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatHash } from './hash.js';
import {
  parseNarinfo,
  printGuixNarinfo,
  printNixNarinfo,
  type Narinfo,
  type NarinfoEncoding,
} from './narinfo.js';

const folder = new URL('../../test/fixtures/formats/guix/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.narinfo'));
const top = 'k5l6ni6lzx6cvxwcr3q8n1d9n4731lrs.narinfo';
const textOf = (name: string): string => readFileSync(new URL(name, folder), 'utf8');

function parsed(text: string): Narinfo {
  const result = parseNarinfo(text);
  if (!result.ok) throw new Error(`${result.error.kind} ${result.error.key}`);
  return result.value;
}

function refusal(text: string): unknown {
  const result = parseNarinfo(text);
  return result.ok ? 'accepted' : `${result.error.kind} ${result.error.key}`;
}

const nixText = `StorePath: /nix/store/q144f75swlv405pb69crqqkdwiza7nlk-tool-1.0
URL: nar/1cpkns045dg5rpvcj4sjbyjm1aap39han3pkpakr9in1pd5zzwx8.nar.zst
Compression: zstd
FileHash: sha256:1cpkns045dg5rpvcj4sjbyjm1aap39han3pkpakr9in1pd5zzwx8
FileSize: 136
NarHash: sha256:0p3l2z3riilylr2rxb1aq2blxdfxg55wbgp4gxkns93srbr4bwyq
NarSize: 168
References: 1ka9gw6ddkrf0b8k65q7p46xbgb9wdr8-lib q144f75swlv405pb69crqqkdwiza7nlk-tool-1.0
Deriver: hv29bhyiqgqrrvfwnrc9gg9g9cw83k4b-tool-1.0.drv
Sig: farm.example.org-1:${'A'.repeat(86)}==
Sig: other-1:${'B'.repeat(86)}==
CA: fixed:r:sha256:0p3l2z3riilylr2rxb1aq2blxdfxg55wbgp4gxkns93srbr4bwyq
`;

describe('narinfos', () => {
  it('of guix publish print back byte for byte', () => {
    expect(files).toHaveLength(6);
    for (const name of files) {
      const text = textOf(name);
      expect(printGuixNarinfo(parsed(text), { urls: 'before-signature' })).toBe(text);
    }
  });

  it('of Nix print back byte for byte', () => {
    expect(printNixNarinfo(parsed(nixText))).toBe(nixText);
    const bare = nixText.replace(/^(Deriver|Sig|CA|File).*\n/gm, '');
    const alone = bare.replace(/^References:.*$/m, 'References: ');
    expect(printNixNarinfo(parsed(alone))).toBe(alone);
    expect(parsed(alone).references).toEqual([]);
    expect(parsed(alone)).not.toHaveProperty('deriver');
  });

  it('say what they offer, in each encoding', () => {
    expect(parsed(textOf(top))).toMatchObject({
      storePath: '/gnu/store/k5l6ni6lzx6cvxwcr3q8n1d9n4731lrs-top-1.0',
      encodings: [
        { compression: 'gzip', fileSize: 132 },
        { compression: 'zstd', fileSize: 136 },
      ],
      narSize: 168,
      references: ['8i0sdngapnzzzcdqr6ry8dyfr4zwsrls-dep-1.0'],
      deriver: 'b9f1ypg2w7zsxn0ib4s5y4qj86slzmxy-top-1.0.drv',
      signatures: [],
    });
    expect(parsed(nixText).signatures).toHaveLength(2);
  });

  it('mean the same with their addresses before or after the signature', () => {
    for (const name of files) {
      const narinfo = parsed(textOf(name));
      const later = printGuixNarinfo(narinfo, { urls: 'after-signature' });
      expect(parsed(later)).toEqual(narinfo);
      expect(later.indexOf('URL:')).toBeGreaterThan(later.indexOf('Signature:'));
    }
  });

  it('without a signature end where it is due', () => {
    const text = textOf(top);
    const { guixSignature, ...unsigned } = parsed(text);
    expect(guixSignature).toMatch(/^1;farm\.example\.org;/);
    expect(printGuixNarinfo(unsigned, { urls: 'before-signature' })).toBe(
      text.slice(0, text.indexOf('Signature:')),
    );
  });

  it('come out with one spelling of their hashes', () => {
    const hex = `sha256:${'ab'.repeat(32)}`;
    const changed = nixText.replace(/^NarHash: .*$/m, `NarHash: ${hex}`);
    const digest = new Uint8Array(32).fill(0xab);
    expect(parsed(changed).narHash).toBe(formatHash({ algorithm: 'sha256', digest }));
  });

  it('of unknown keys, an unknown deriver or no compression are understood as clients do', () => {
    expect(parsed(`${nixText}Future: whatever: it is\n`)).toEqual(parsed(nixText));
    const unknown = nixText.replace(/^Deriver: .*$/m, 'Deriver: unknown-deriver');
    expect(parsed(unknown)).not.toHaveProperty('deriver');
    const silent = nixText.replace(/^Compression: .*\n/m, '');
    expect(parsed(silent).encodings[0]?.compression).toBe('bzip2');
  });
});

describe('a narinfo', () => {
  it('with a key twice is refused', () => {
    for (const key of ['StorePath', 'NarHash', 'NarSize', 'References', 'Deriver', 'Compression']) {
      const line = new RegExp(`^${key}: .*\\n`, 'm').exec(nixText)?.[0] ?? '';
      expect(refusal(nixText + line)).toBe(`duplicate ${key}`);
    }
    const signature = /^Signature: .*\n/m.exec(textOf(top))?.[0] ?? '';
    expect(refusal(textOf(top) + signature)).toBe('duplicate Signature');
  });

  it('without what a client needs is refused', () => {
    for (const key of ['StorePath', 'NarHash', 'NarSize', 'References']) {
      const without = nixText.replace(new RegExp(`^${key}: .*\\n`, 'm'), '');
      expect(refusal(without)).toBe(`missing ${key}`);
    }
    expect(refusal(nixText.replace(/^URL: .*\n/m, ''))).toBe('missing URL');
    expect(refusal(nixText.slice(0, -1))).toBe('truncated ');
    expect(refusal('')).toBe('truncated ');
  });

  it('with a value that cannot be is refused by its key', () => {
    const wrong: Record<string, string[]> = {
      StorePath: ['', 'x', 'store/q144f75swlv405pb69crqqkdwiza7nlk-a', '/nix/store/short-a'],
      NarSize: ['0', '-1', '01', '1.5', '1e3', '9007199254740993', '', '99999999999999999'],
      FileSize: ['-1', ' 1', '0x10'],
      NarHash: ['sha256:abc', 'md5:00000000000000000000000000', 'x'],
      FileHash: ['sha512:00'],
      References: ['/nix/store/x', 'q144f75swlv405pb69crqqkdwiza7nlk-a  x', 'a'],
      Deriver: ['/nix/store/x.drv'],
      URL: ['', 'a b'],
      Compression: ['', 'g zip'],
      Sig: ['nocolon', 'a b:AAAA'],
      CA: ['a b'],
    };
    for (const [key, values] of Object.entries(wrong)) {
      for (const value of values) {
        const changed = nixText.replace(new RegExp(`^${key}: .*$`, 'm'), `${key}: ${value}`);
        expect([value, refusal(changed)]).toEqual([value, `bad-value ${key}`]);
      }
    }
  });

  it('with lines that are none is refused', () => {
    for (const line of ['', 'no colon', 'Key:value', ' NarSize: 1', 'NarSize: 1\r']) {
      expect(refusal(`${line}\n${nixText}`)).toMatch(/^(bad-line|bad-value)/);
    }
  });

  it('of any fields prints and reads back the same', () => {
    const size = fc.integer({ min: 1, max: 2 ** 40 });
    const hash = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((digest) => formatHash({ algorithm: 'sha256', digest }));
    const encoding: fc.Arbitrary<NarinfoEncoding> = fc.record({
      url: fc.webUrl({ withQueryParameters: true }),
      compression: fc.constantFrom('none', 'zstd', 'gzip', 'lzip'),
      fileSize: size,
    });
    const basename = fc.nat().map((n) => `${String(n).padStart(32, '0')}-n`);
    const any: fc.Arbitrary<Narinfo> = fc.record({
      storePath: basename.map((name) => `/gnu/store/${name}`),
      encodings: fc.array(encoding, { minLength: 1, maxLength: 3 }),
      narHash: hash,
      narSize: size,
      references: fc.uniqueArray(basename),
      signatures: fc.constant([]),
    });
    fc.assert(
      fc.property(any, fc.boolean(), (narinfo, before) => {
        const urls = before ? 'before-signature' : 'after-signature';
        expect(parsed(printGuixNarinfo(narinfo, { urls }))).toEqual(narinfo);
        const first = { ...narinfo, encodings: narinfo.encodings.slice(0, 1) };
        expect(parsed(printNixNarinfo(narinfo))).toEqual(first);
      }),
    );
  });

  it('never crashes the parser, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (any) => void parseNarinfo(`${any}\n`)));
    const keys = fc.constantFrom('URL', 'Sig', 'NarSize', 'References', 'Signature', 'Deriver');
    const line = fc.tuple(keys, fc.string()).map(([key, value]) => `${key}: ${value}\n`);
    fc.assert(fc.property(fc.array(line), (lines) => void parseNarinfo(lines.join(''))));
  });
});
