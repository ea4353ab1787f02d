/** The daemon's protocol, byte for byte as written down from its description. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { encodeFields, WireReader } from './daemon-wire.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
/** Eight bytes a word. */
const words = (bytes: Uint8Array): string => hex(bytes).replace(/(.{16})(?=.)/g, '$1 ');
const bytesOf = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');

/** Reads from a socket that says these bytes, in pieces of that size, and then closes. */
async function reading<T>(
  bytes: Uint8Array,
  size: number,
  read: (wire: WireReader) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'daemon-wire-'));
  const path = join(directory, 'socket');
  const server = createServer((socket: Socket) => {
    for (let at = 0; at < bytes.length; at += size) socket.write(bytes.subarray(at, at + size));
    socket.end();
  });
  server.listen(path);
  await once(server, 'listening');
  const socket = createConnection(path);
  try {
    return await read(new WireReader(socket));
  } finally {
    socket.destroy();
    server.close();
    rmSync(directory, { recursive: true });
  }
}

describe('what is said to guix-daemon', () => {
  it('has numbers of eight bytes, and strings filled up to eight', () => {
    expect(words(encodeFields([0x6e697863]))).toBe('6378696e00000000');
    // Protocol 1.99, no processor, room for the collector.
    expect(words(encodeFields([0x163, 0, 1]))).toBe(
      '6301000000000000 0000000000000000 0100000000000000',
    );
    expect(words(encodeFields(['abc']))).toBe('0300000000000000 6162630000000000');
    expect(words(encodeFields(['12345678', '']))).toBe(
      '0800000000000000 3132333435363738 0000000000000000',
    );
    expect(words(encodeFields([9, ['a'], 0]))).toBe(
      ['09', '01', '01', '61', '00'].map((byte) => byte.padEnd(16, '0')).join(' '),
    );
  });
});

describe('what guix-daemon says', () => {
  // A number, a string of three bytes that is no UTF-8, a list of two strings.
  const said = bytesOf(
    `67 6d 6c 6f 00 00 00 00  03 00 00 00 00 00 00 00  fe 00 ff 00 00 00 00 00
     02 00 00 00 00 00 00 00  01 00 00 00 00 00 00 00  78 00 00 00 00 00 00 00
     00 00 00 00 00 00 00 00`,
  );

  it.each([1, 7, 1000])('is read in pieces of %d bytes', async (size) => {
    const read = async (wire: WireReader): Promise<unknown[]> => [
      await wire.number(),
      hex(await wire.bytes()),
      await wire.strings(),
    ];
    expect(await reading(said, size, read)).toEqual([0x6f6c6d67, 'fe00ff', ['x', '']]);
  });

  it('and does not end is the daemon gone', async () => {
    const read = (wire: WireReader): Promise<unknown> => wire.strings();
    await expect(reading(said.subarray(24, 40), 8, read)).rejects.toThrow('broke off');
  });

  it('and is too long to be true is refused', async () => {
    const long = bytesOf('ff ff ff ff 00 00 00 00');
    await expect(reading(long, 8, (wire) => wire.bytes())).rejects.toThrow('4294967295 bytes');
    await expect(reading(long, 8, (wire) => wire.strings())).rejects.toThrow('strings');
    const most = bytesOf('ff ff ff ff ff ff ff ff');
    await expect(reading(most, 8, (wire) => wire.number())).rejects.toThrow('cannot be read');
  });
});
