/** Files of the fixtures, as the real tools wrote them. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { encodeNar, type NarNode } from '#formats/nar.js';

const fixtures = fileURLToPath(new URL('../fixtures/formats/', import.meta.url));

/** The files of a folder of the fixtures whose names the pattern takes. */
export function fixtureFiles(folder: string, pattern: RegExp): Uint8Array[] {
  return namesIn(folder, pattern).map((name) => contentOf(`${folder}/${name}`));
}

export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export function namedFiles(folder: string, pattern: RegExp): NamedFile[] {
  return namesIn(folder, pattern).map((name) => ({ name, bytes: contentOf(`${folder}/${name}`) }));
}

/** Nars of `guix publish`, and one with all that a nar can hold. */
export function sampleNars(): Uint8Array[] {
  const published = fixtureFiles('guix/nar', /^gzip-/).map((bytes) =>
    Uint8Array.from(gunzipSync(bytes)),
  );
  return [...published, encodeNar(everything)];
}

const text = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value, 'latin1'));

const everything: NarNode = {
  type: 'directory',
  entries: [
    { name: text('a'), node: { type: 'symlink', target: text('../b') } },
    { name: text('empty'), node: { type: 'directory', entries: [] } },
    { name: text('run'), node: { type: 'regular', executable: true, contents: text('#!/bin/sh') } },
    { name: text('\xff'), node: { type: 'regular', executable: false, contents: text('') } },
  ],
};

function namesIn(folder: string, pattern: RegExp): string[] {
  return readdirSync(`${fixtures}${folder}`).filter((name) => pattern.test(name));
}

function contentOf(path: string): Uint8Array {
  return Uint8Array.from(readFileSync(`${fixtures}${path}`));
}
