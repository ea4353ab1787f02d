import { expect, it } from '@jest/globals';
import { guards } from './disk-guard.js';

it('a disk guard holds below the least, and until a little more than it is free', () => {
  const free = [2000, 1600, 1599, 1601, 1699, 1700, 1600];
  let holds = false;
  const story = free.map((bytes) => (holds = guards(holds, bytes, 1600)));
  expect(story).toEqual([false, false, true, true, true, false, false]);
});
