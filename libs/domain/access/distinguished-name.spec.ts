import { describe, expect, it } from '@jest/globals';
import { commonNameOf, normalName } from './distinguished-name.js';

describe('the subject of a certificate', () => {
  it('is the same however it is spaced and its types are written', () => {
    expect(normalName('cn=ada, O = Farm')).toBe('CN=ada,O=Farm');
    expect(normalName('CN=ada,O=Farm')).toBe('CN=ada,O=Farm');
    expect(normalName('UID=7+CN=ada')).toBe(normalName('CN=ada+UID=7'));
  });

  it('keeps its order: another order is another name', () => {
    expect(normalName('O=Farm,CN=ada')).not.toBe(normalName('CN=ada,O=Farm'));
  });

  it('reads what is escaped', () => {
    expect(normalName('CN=Ada \\C3\\A9,O=a\\, b')).toBe('CN=Ada é,O=a\\, b');
    expect(commonNameOf('O=Farm,CN=Ada\\2C the first')).toBe('Ada, the first');
  });

  it('does not become another by what its values hold', () => {
    expect(normalName('CN=ada\\,O=Farm')).not.toBe(normalName('CN=ada,O=Farm'));
    expect(normalName('CN=ada\\2CO=Farm')).not.toBe(normalName('CN=ada,O=Farm'));
    expect(normalName('CN=ada\\+UID=7')).not.toBe(normalName('CN=ada+UID=7'));
  });

  it.each(['', 'ada', 'CN', 'CN=ada,', 'CN=ada,,O=x', '=x', 'CN=ada\\'])('is none: %s', (text) => {
    expect(normalName(text)).toBeNull();
  });
});
