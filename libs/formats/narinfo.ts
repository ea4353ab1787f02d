/**
 * Narinfos: the texts by which a binary cache offers a store item, of Nix and of `guix publish`.
 * They share the form `Key: value`, one to a line. Guix offers several encodings in groups that
 * begin with URL, before its signature (2022) or after it (2025); Nix has one, and `Sig` lines.
 */
export { parseNarinfo, type NarinfoError } from './narinfo-parser.js';

export interface NarinfoEncoding {
  /** Absolute, or relative to the cache's root. */
  readonly url: string;
  readonly compression: string;
  /** Of the compressed file: `sha256:<nix32>`. */
  readonly fileHash?: string;
  /** Of the compressed file, in bytes. */
  readonly fileSize?: number;
}

export interface Narinfo {
  /** The full path: `/nix/store/HASHPART-NAME`. */
  readonly storePath: string;
  /** At least one. */
  readonly encodings: readonly NarinfoEncoding[];
  /** Of the uncompressed nar: `sha256:<nix32>`. */
  readonly narHash: string;
  /** Of the uncompressed nar, in bytes. */
  readonly narSize: number;
  /** Basenames, in the order of the text, itself among them when it refers to itself. */
  readonly references: readonly string[];
  /** A basename. */
  readonly deriver?: string;
  readonly system?: string;
  /** Values of Nix's `Sig` lines: `NAME:BASE64`. */
  readonly signatures: readonly string[];
  /** Content address, as Nix writes it. */
  readonly ca?: string;
  /** The value of Guix's `Signature` line: `1;HOST;BASE64`. */
  readonly guixSignature?: string;
}

/** The text as Nix prints it: the first encoding only, since Nix knows no more. */
export function printNixNarinfo(narinfo: Narinfo): string {
  const { storePath, encodings, deriver, system, signatures, ca } = narinfo;
  const encoding = encodings[0];
  return textOf([
    ['StorePath', storePath],
    ['URL', encoding?.url],
    ['Compression', encoding?.compression],
    ['FileHash', encoding?.fileHash],
    ['FileSize', encoding?.fileSize],
    ...described(narinfo),
    ['Deriver', deriver],
    ['System', system],
    ...signatures.map((signature): Line => ['Sig', signature]),
    ['CA', ca],
  ]);
}

/**
 * The text as `guix publish` prints it. Without `guixSignature` this ends where the signature is
 * due, so that in the order 'before-signature', or without encodings, it is the very text to
 * sign.
 */
export function printGuixNarinfo(
  narinfo: Narinfo,
  order: { readonly urls: 'before-signature' | 'after-signature' },
): string {
  const urls = narinfo.encodings.flatMap(({ url, compression, fileSize }): Line[] => [
    ['URL', url],
    ['Compression', compression],
    ['FileSize', fileSize],
  ]);
  const first = order.urls === 'before-signature';
  return textOf([
    ['StorePath', narinfo.storePath],
    ...(first ? urls : []),
    ...described(narinfo),
    ['Deriver', narinfo.deriver],
    ['Signature', narinfo.guixSignature],
    ...(first ? [] : urls),
  ]);
}

type Line = readonly [key: string, value: string | number | undefined];

function described(narinfo: Narinfo): Line[] {
  return [
    ['NarHash', narinfo.narHash],
    ['NarSize', narinfo.narSize],
    ['References', narinfo.references.join(' ')],
  ];
}

function textOf(lines: readonly Line[]): string {
  let text = '';
  for (const [key, value] of lines) if (value !== undefined) text += `${key}: ${value}\n`;
  return text;
}
