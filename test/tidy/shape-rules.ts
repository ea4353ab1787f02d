/** Sizes: of lines, files, functions, parameter lists and ports. */
import ts from 'typescript';
import { faultAt, isSpec, nodesOf, type Fault, type SourceFile } from './source-tree.js';

const most = { width: 100, file: 400, function: 70, parameters: 3, dependencies: 6, methods: 8 };

export function shapeFaults(sources: readonly SourceFile[]): Fault[] {
  return sources.flatMap((source) => [...textFaults(source), ...treeFaults(source)]);
}

function textFaults(source: SourceFile): Fault[] {
  const lines = source.text.split('\n');
  const wide = lines.flatMap((line, index) =>
    line.length > most.width
      ? [{ path: source.path, line: index + 1, message: `is ${line.length} characters wide` }]
      : [],
  );
  if (lines.length - 1 <= most.file) return wide;
  return [...wide, { path: source.path, line: 1, message: `has ${lines.length - 1} lines` }];
}

function treeFaults(source: SourceFile): Fault[] {
  const faults: Fault[] = [];
  for (const node of nodesOf(source)) {
    const message = ts.isFunctionLike(node)
      ? functionMessage(source, node)
      : portMessage(source, node);
    if (message) faults.push(faultAt(source, node.getStart(), message));
  }
  return faults;
}

function functionMessage(source: SourceFile, node: ts.SignatureDeclaration): string | null {
  // A parameter with a decorator is a route's wiring, not an argument that somebody passes.
  const parameters = node.parameters.filter((parameter) => !ts.getDecorators(parameter)?.length);
  const limit = ts.isConstructorDeclaration(node) ? most.dependencies : most.parameters;
  if (parameters.length > limit) return `takes ${parameters.length} parameters`;
  const tree = source.tree;
  const line = (position: number): number => tree.getLineAndCharacterOfPosition(position).line;
  const lines = line(node.end) - line(node.getStart()) + 1;
  // What `describe` is given is a chapter, not a function.
  if (lines <= most.function || (isSpec(source.path) && isChapter(node))) return null;
  return `a function of ${lines} lines`;
}

function isChapter(node: ts.Node): boolean {
  if (!ts.isCallExpression(node.parent)) return ts.isFunctionDeclaration(node);
  return /^describe\b/.test(node.parent.expression.getText());
}

function portMessage(source: SourceFile, node: ts.Node): string | null {
  const isPort = source.path.startsWith('libs/application/ports/');
  if (!isPort || !ts.isInterfaceDeclaration(node)) return null;
  const methods = node.members.filter(ts.isMethodSignature).length;
  return methods > most.methods ? `a port of ${methods} methods` : null;
}
