/** The files that the tidy rules look at, parsed once. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

export interface SourceFile {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

export interface Fault {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Folders whose content is not ours to keep tidy. */
const foreign = new Set(['node_modules', 'dist', '.git', '.gambeson', 'generated', 'fixtures']);

/** Every file below the root, as paths; foreign folders are left out. */
export function listFiles(root: string, below = '.'): string[] {
  return readdirSync(join(root, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    if (entry.isDirectory()) return foreign.has(entry.name) ? [] : listFiles(root, path);
    return entry.isFile() ? [relative('.', path).replaceAll('\\', '/')] : [];
  });
}

/** The TypeScript files of the rooms, the tests and the bench. */
export function readSources(root: string): SourceFile[] {
  return listFiles(root)
    .filter((path) => /^(apps|libs|test|bench)\/.*\.tsx?$/.test(path))
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.ES2024, true) };
    });
}

export function isSpec(path: string): boolean {
  return path.startsWith('test/') || /\.spec\.tsx?$/.test(path);
}

export function faultAt(source: SourceFile, position: number, message: string): Fault {
  const line = source.tree.getLineAndCharacterOfPosition(position).line + 1;
  return { path: source.path, line, message };
}

/** Every syntax node of the file, in order. */
export function* nodesOf(source: SourceFile): Generator<ts.Node> {
  const waiting: ts.Node[] = [source.tree];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    yield node;
    const children: ts.Node[] = [];
    node.forEachChild((child) => void children.push(child));
    waiting.push(...children.reverse());
  }
}
