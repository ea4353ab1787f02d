/** Cuts bytes of UTF-8 where a character ends, so that no stream shows half of one. */
export interface WholeText {
  readonly text: string;
  /** How many bytes the text stands for; the rest comes again with what follows. */
  readonly bytes: number;
}

/** `last`: nothing follows, so that a torn character at the end is shown as what it is. */
export function wholeText(bytes: Uint8Array, last: boolean): WholeText {
  const end = last ? bytes.length : wholeCharacters(bytes);
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, end));
  return { text, bytes: end };
}

function wholeCharacters(bytes: Uint8Array): number {
  // A character has at most four bytes: look back three for a lead byte that wants more than is
  // there.
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return wanted > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
