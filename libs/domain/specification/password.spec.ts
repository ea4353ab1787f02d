import { describe, expect, it } from '@jest/globals';
import { restorePassword, withoutPassword } from './password.js';

describe('the password in a channel address', () => {
  it('is hidden from readers, the rest stays', () => {
    expect(withoutPassword('https://bob:s3@cret@example.org/a.git')).toBe(
      'https://bob:***@example.org/a.git',
    );
    expect(withoutPassword('https://example.org:8443/a@b')).toBe('https://example.org:8443/a@b');
    expect(withoutPassword('file:///srv/a.git')).toBe('file:///srv/a.git');
  });

  it('comes back when the hidden form is sent back', () => {
    const standing = ['https://bob:secret@example.org/a.git'];
    expect(restorePassword('https://bob:***@example.org/a.git', standing)).toBe(standing[0]);
    expect(restorePassword('https://bob:***@elsewhere.org/a.git', standing)).toBeNull();
    expect(restorePassword('https://bob:new@example.org/a.git', standing)).toBe(
      'https://bob:new@example.org/a.git',
    );
  });
});
