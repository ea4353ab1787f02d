import { describe, expect, it } from '@jest/globals';
import { withNotices } from './notices.js';

const html = '<body><main id="main" data-live="yes"><h1>Queue</h1></main></body>';
const disk = {
  ...{ name: 'substituter on <one>', place: 'the nar store', level: 'hard' as const },
  ...{ freeBytes: 100 * 1024 ** 2, totalBytes: 1024 ** 4, since: '2026-11-21T00:00:00.000Z' },
};

describe('a page', () => {
  it('begins by telling that a disk is short', () => {
    expect(withNotices(html, { disk: 'hard', disks: [disk] })).toBe(
      '<body><main id="main" data-live="yes"><div role="status"><p class="fault">Only 100 MiB of ' +
        '1.0 TiB are free for the nar store: nothing new is evaluated, and uploads wait, until ' +
        'there is more.</p></div><h1>Queue</h1></main></body>',
    );
  });

  it('says nothing while there is room', () => {
    expect(withNotices(html, { disk: 'roomy', disks: [] })).toBe(html);
  });
});
