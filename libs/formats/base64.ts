/**
 * Base 64 (RFC 4648, section 4) read strictly: padded, and only the one spelling that encoding
 * again would give, so that two texts never mean the same key, hash or signature.
 */

export function encodeBase64(bytes: Uint8Array): string {
  return viewOf(bytes).toString('base64');
}

/** The bytes, or undefined when `text` is not canonical base 64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? Uint8Array.from(bytes) : undefined;
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
