/**
 * Compiles rooms with less than everything: the pure ones with neither Node's nor the browser's
 * types (tsconfig.pure.json), the scripts of the pages with the browser's (tsconfig.client.json).
 */
import { join } from 'node:path';
import ts from 'typescript';
import type { Fault } from './source-tree.js';

export interface PureCompile {
  /** How many files of the rooms it looked at. */
  readonly files: number;
  readonly faults: readonly Fault[];
}

export function compileWith(root: string, settings: string): PureCompile {
  const configuration = join(root, settings);
  const read = ts.readConfigFile(configuration, (path) => ts.sys.readFile(path));
  const parsed = ts.parseJsonConfigFileContent(read.config, ts.sys, root);
  const program = ts.createProgram(parsed.fileNames, { ...parsed.options, noEmit: true });
  const faults = ts.getPreEmitDiagnostics(program).map((diagnostic): Fault => {
    const { file, start = 0 } = diagnostic;
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ');
    return { path: file?.fileName.slice(root.length + 1) ?? configuration, line, message };
  });
  return { files: parsed.fileNames.length, faults };
}
