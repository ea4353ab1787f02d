import { describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { diskFault, isMissing } from './disk-fault.js';

describe('a failing disk', () => {
  it('that is full is told apart: it may have room later', async () => {
    const full = await writeFile('/dev/full', 'x').catch((cause: unknown) => cause);
    expect(diskFault('/dev/full', full)).toMatchObject({ code: 'disk-full', retry: 'later' });
    const other = Object.assign(new Error('broken'), { code: 'EIO' });
    expect(diskFault('/a', other)).toMatchObject({ code: 'file-unreadable' });
    expect(isMissing(other)).toBe(false);
  });
});
