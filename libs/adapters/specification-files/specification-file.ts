/**
 * Files of specifications: Scheme as Cuirass's users write it, JSON and YAML as the REST API takes
 * it. Each fault is told with its place, and with any of them a file is not to be applied.
 */
import { extname } from 'node:path';
import type { Position } from '#formats/scheme.js';
import { readSpecifications } from '#domain/specification/cuirass/read.js';
import { SpecificationInput } from '#protocol/specification.js';
import { issuesOf } from './schema-issues.js';
import { readDocuments } from './structured-text.js';

export interface SpecificationFile {
  /** As faults name it; its extension tells the format. */
  readonly name: string;
  readonly text: string;
}

export interface FileFault extends Position {
  readonly file: string;
  /** What is wrong and what to write instead. */
  readonly message: string;
}

export interface ReadFiles {
  /** In the order of the files; not complete when there are faults. */
  readonly specifications: readonly SpecificationInput[];
  readonly faults: readonly FileFault[];
}

export const fileExtensions = ['.scm', '.json', '.yaml', '.yml'] as const;

/** No two specifications of the files have the same name, or it is told. */
export function readSpecificationFiles(files: readonly SpecificationFile[]): ReadFiles {
  const specifications: SpecificationInput[] = [];
  const faults: FileFault[] = [];
  const named = new Map<string, string>();
  for (const file of files) {
    const read = readOne(file);
    faults.push(...read.faults.map((fault) => ({ ...fault.at, file: file.name, ...fault })));
    for (const { specification, at } of read.specifications) {
      const { name } = specification;
      const where = `${file.name}:${at.line}:${at.column}`;
      const before = named.get(name);
      if (before !== undefined) {
        const message = `${before} says ${name} too: give one of the two another name`;
        faults.push({ ...at, file: file.name, message });
      }
      named.set(name, before ?? where);
      specifications.push(specification);
    }
  }
  return { specifications, faults: faults.map(plainFault) };
}

/** `FILE:LINE:COLUMN: what is wrong, what to write instead`. */
export function faultLine({ file, line, column, message }: FileFault): string {
  return `${file}:${line}:${column}: ${message}`;
}

const longestMessage = 500;

/** It quotes the file, which may hold what moves a terminal's cursor or breaks a row. */
function plainFault({ file, line, column, message }: FileFault): FileFault {
  const shown = message.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
  const short = shown.length > longestMessage ? `${shown.slice(0, longestMessage)}…` : shown;
  return { file, line, column, message: short };
}

interface Placed {
  readonly specification: SpecificationInput;
  readonly at: Position;
}

interface Fault {
  readonly at: Position;
  readonly message: string;
}

interface ReadOne {
  readonly specifications: readonly Placed[];
  readonly faults: readonly Fault[];
}

function readOne({ name, text }: SpecificationFile): ReadOne {
  const extension = extname(name);
  if (!fileExtensions.some((one) => one === extension)) {
    const message = `a file of this kind is not read: name it ${fileExtensions.join(', ')}`;
    return { specifications: [], faults: [{ at: { line: 1, column: 1 }, message }] };
  }
  const scheme = extension === '.scm';
  const read = scheme ? readScheme(text) : readDocuments(text, extension === '.json');
  const faults: Fault[] = [...read.faults];
  const specifications = read.documents.flatMap(({ document, placeOf, whole }): Placed[] => {
    const checked = SpecificationInput.safeParse(document);
    if (checked.success) return [{ specification: checked.data, at: placeOf('') }];
    for (const { pointer, message, missing } of issuesOf(checked.error.issues)) {
      // What is missing since it was faulty has been told.
      if (whole || !missing) faults.push({ at: placeOf(pointer), message });
    }
    return [];
  });
  const inOrder = faults.sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  return { specifications, faults: inOrder };
}

function readScheme(text: string): ReturnType<typeof readDocuments> {
  const { specifications, faults } = readSpecifications(text);
  return {
    documents: specifications.map(({ document, places, whole }) => ({
      document,
      whole,
      placeOf: (pointer) => nearestPlace(places, pointer),
    })),
    faults,
  };
}

/** Of the pointer itself, or of what holds it. */
function nearestPlace(places: ReadonlyMap<string, Position>, pointer: string): Position {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const place = places.get(at);
    if (place) return place;
    if (at === '') return { line: 1, column: 1 };
  }
}
