import { describe, expect, it } from '@jest/globals';
import { AllowList } from './allow-list.js';

describe('the allow-list of the hook', () => {
  it('lets a network in, and its IPv4 peers also when they come as IPv6', () => {
    const list = new AllowList(['10.1.0.0/16', '::1']);
    expect(list.includes('10.1.2.3')).toBe(true);
    expect(list.includes('::ffff:10.1.2.3')).toBe(true);
    expect(list.includes('::1')).toBe(true);
    expect(list.includes('10.2.0.1')).toBe(false);
  });

  it('lets nobody in when it is empty', () => {
    expect(new AllowList([]).includes('127.0.0.1')).toBe(false);
    expect(new AllowList(['127.0.0.1']).includes('')).toBe(false);
  });

  it.each(['nonsense', '10.0.0.0/33', '10.0.0.0/x', '1.2.3.4/'])('refuses %s by name', (entry) => {
    expect(() => new AllowList([entry])).toThrow(entry);
  });
});
