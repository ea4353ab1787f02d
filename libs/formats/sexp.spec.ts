import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { atom, parseSexp, printAdvanced, printCanonical, type Sexp } from './sexp.js';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

function read(text: string): Sexp {
  const parsed = parseSexp(bytes(text));
  if (!parsed.ok) throw new Error(`${parsed.error.kind} at ${parsed.error.offset}`);
  return parsed.value;
}

function refusal(text: string): string {
  const parsed = parseSexp(bytes(text));
  return parsed.ok ? 'accepted' : `${parsed.error.kind} at ${parsed.error.offset}`;
}

const publicKey = `(public-key 
 (ecc 
  (curve Ed25519)
  (q #8FE0#)
  )
 )
`;

const { tree } = fc.letrec<{ tree: Sexp }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    fc.uint8Array({ maxLength: 12 }),
    fc.string({ maxLength: 8 }).map(atom),
    fc.array(tie('tree'), { maxLength: 4 }),
  ),
}));

describe('s-expressions', () => {
  it('come out of every print as they went in', () => {
    fc.assert(
      fc.property(tree, (sexp) => {
        expect(parseSexp(printCanonical(sexp))).toEqual({ ok: true, value: sexp });
        expect(read(printAdvanced(sexp))).toEqual(sexp);
      }),
    );
  });

  it('have the layout of libgcrypt', () => {
    expect(printAdvanced(read('(10:public-key(3:ecc(5:curve7:Ed25519)(1:q2:\x8f\xe0)))'))).toBe(
      publicKey,
    );
    expect(Buffer.from(printCanonical(read(publicKey))).toString('latin1')).toBe(
      '(10:public-key(3:ecc(5:curve7:Ed25519)(1:q2:\x8f\xe0)))',
    );
    expect(printAdvanced(read('(a (b) c (d e) (f (g) h))'))).toBe(
      '(a \n (b)\n c \n (d e)\n (f \n  (g)\n  h)\n )\n',
    );
  });

  it('have tokens, strings and hexadecimal where libgcrypt puts them', () => {
    const printed = (text: string): string => printAdvanced(bytes(text)).trimEnd();
    expect(printed('a-b./_:*+=9')).toBe('a-b./_:*+=9');
    expect(printed('9lives')).toBe('"9lives"');
    expect(printed('two words')).toBe('"two words"');
    expect(printed('')).toBe('""');
    expect(printed('a\b\t\v\n\f\r"\'\\z')).toBe('"a\\b\\t\\v\\n\\f\\r\\"\\\'\\\\z"');
    expect(printed('a\x01')).toBe('#6101#');
    expect(printed('a\x7f')).toBe('#617F#');
    expect(printed('\x80a')).toBe('#8061#');
    expect(printed('a\xe9')).toBe('"a\xe9"');
  });

  it('are read whatever the form of each atom', () => {
    const expected = [atom('abc'), [bytes('\x00\xff"\n'), atom('')]];
    expect(read(' ("abc" ( #00 Ff\n220A# 0:) ) \n')).toEqual(expected);
    expect(read('(3:abc("\\x00\\377\\"\\n""")) ')).toEqual(expected);
  });
});

describe('an s-expression', () => {
  it('that is not whole, or more than whole, is refused where the fault is', () => {
    expect(refusal('')).toBe('empty at 0');
    expect(refusal(' \n')).toBe('empty at 2');
    expect(refusal('(a (b)')).toBe('unclosed at 6');
    expect(refusal(')')).toBe('unopened at 0');
    expect(refusal('(a) b')).toBe('trailing at 4');
    expect(refusal('(a))')).toBe('trailing at 3');
  });

  it('with a bad atom is refused where it begins', () => {
    expect(refusal('(a {b})')).toBe('bad-character at 3');
    expect(refusal('(a |YWJj|)')).toBe('bad-character at 3');
    expect(refusal('([text]a)')).toBe('bad-character at 1');
    expect(refusal('(a \xe9)')).toBe('bad-character at 3');
    expect(refusal('(5:abc)')).toBe('bad-length at 1');
    expect(refusal('(03:abc)')).toBe('bad-length at 1');
    expect(refusal('(3abc)')).toBe('bad-length at 1');
    expect(refusal(`(${'9'.repeat(400)}:a)`)).toBe('bad-length at 1');
    expect(refusal('(#012#)')).toBe('bad-hexadecimal at 1');
    expect(refusal('(#0g#)')).toBe('bad-hexadecimal at 1');
    expect(refusal('(#01)')).toBe('bad-hexadecimal at 1');
    expect(refusal('("abc)')).toBe('bad-string at 1');
    expect(refusal('("a\\q")')).toBe('bad-string at 3');
    expect(refusal('("a\\')).toBe('bad-string at 3');
  });

  it('that is too deep or too long is refused without reading on', () => {
    expect(refusal('('.repeat(1_000_000))).toBe('too-deep at 32');
    expect(refusal('('.repeat(32) + ')'.repeat(32))).toBe('accepted');
    expect(refusal(`(${'##'.repeat(50_000)})`)).toBe('too-many at 79999');
    expect(refusal(' '.repeat((1 << 20) + 1))).toBe('too-long at 1048576');
  });

  it('of any bytes is read or refused', () => {
    const soup = fc.string({ unit: fc.constantFrom(...'() #"\\:0123ab|{\n\x00\xff') });
    fc.assert(fc.property(soup, (text) => expect(refusal(text)).toMatch(/^accepted$| at \d+$/)));
  });
});
