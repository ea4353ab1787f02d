/** Words, names, calls and constructs that this house does without. */
import { basename } from 'node:path';
import ts from 'typescript';
import { faultAt, isSpec, nodesOf, type Fault, type SourceFile } from './source-tree.js';

/** The words that docs/architecture.md says never to use for things of the farm. */
const strangeWords = new Set(['runner', 'artifact', 'artefact', 'pipeline', 'project', 'jobset']);
const vagueNames = /^(utils?|helpers?|common|managers?|misc|shared|stuff)$/;
const tidyName = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.(tsx?)$/;
/** In pieces, so that this file does not hold what it forbids. */
const marks = [
  ['TO', 'DO'],
  ['FIX', 'ME'],
  ['X', 'XX'],
].map((pieces) => pieces.join(''));
const unfinished = new RegExp(`\\b(${marks.join('|')})\\b`);
const decorated = /^(apps|libs\/nest)\//;
const timeless = /^libs\/(domain|application|formats|std)\//;

export function nameFaults(paths: readonly string[]): Fault[] {
  return paths.flatMap((path) => {
    const fault = (message: string): Fault[] => [{ path, line: 1, message }];
    const parts = path.replace(/\.[^/]*$/, '').split('/');
    if (parts.some((part) => vagueNames.test(part))) return fault('has a name that says nothing');
    if (parts.some((part) => wordsOf(part).some((word) => strangeWords.has(word)))) {
      return fault('bears a word that is not ours');
    }
    if (/\.tsx?$/.test(path) && !tidyName.test(basename(path))) return fault('is not kebab-case');
    return [];
  });
}

export function tasteFaults(sources: readonly SourceFile[]): Fault[] {
  return sources.flatMap((source) => {
    const faults: Fault[] = [];
    const mark = unfinished.exec(source.text);
    if (mark) faults.push(faultAt(source, mark.index, 'is left unfinished'));
    if (!source.text.trimStart().startsWith('/*') && !isSpec(source.path)) {
      faults.push(faultAt(source, 0, 'does not begin by saying what it is for'));
    }
    for (const node of nodesOf(source)) {
      const message = nodeMessage(source.path, node);
      if (message) faults.push(faultAt(source, node.getStart(), message));
    }
    return faults;
  });
}

function nodeMessage(path: string, node: ts.Node): string | null {
  if (ts.isEnumDeclaration(node)) return 'an enum';
  if (ts.isExportAssignment(node) || isDefault(node)) return 'a default export';
  if (ts.isDecorator(node) && !decorated.test(path)) return 'a decorator below the apps';
  if (isStrangeDeclaration(node)) return `declares ${node.name.getText()}, a word not ours`;
  if (ts.isPropertyAssignment(node)) return shellMessage(node);
  if (ts.isImportDeclaration(node)) return importMessage(path, node);
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) return callMessage(path, node);
  return null;
}

function isDefault(node: ts.Node): boolean {
  if (!ts.canHaveModifiers(node)) return false;
  return (ts.getModifiers(node) ?? []).some((m) => m.kind === ts.SyntaxKind.DefaultKeyword);
}

type Named = ts.Node & { readonly name: ts.Identifier };

function isStrangeDeclaration(node: ts.Node): node is Named {
  const declares =
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node);
  if (!declares || !node.name || !ts.isIdentifier(node.name)) return false;
  return wordsOf(node.name.text).some((word) => strangeWords.has(word));
}

/** `buildRunners` is build and runner. */
function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/s$/, ''));
}

function shellMessage(node: ts.PropertyAssignment): string | null {
  if (node.name.getText() !== 'shell') return null;
  return node.initializer.kind === ts.SyntaxKind.FalseKeyword ? null : 'runs a shell';
}

function importMessage(path: string, node: ts.ImportDeclaration): string | null {
  const from = node.moduleSpecifier.getText().slice(1, -1);
  const names = node.importClause?.namedBindings?.getText() ?? '';
  if (from === 'node:child_process' && /\bexec(Sync)?\b/.test(names)) return 'imports exec';
  const sleeps = from === 'node:timers/promises' || from === 'node:timers';
  return isSpec(path) && sleeps ? 'a test that sleeps' : null;
}

function callMessage(path: string, node: ts.CallExpression | ts.NewExpression): string | null {
  const called = node.expression.getText();
  if (isSpec(path) && called === 'setTimeout') return 'a test that sleeps';
  if (/^(it|test|describe)\.(skip|only|todo)$/.test(called)) return `uses ${called}`;
  if (!timeless.test(path) || isSpec(path)) return null;
  const readsClock = called === 'Date.now' || called === 'performance.now';
  const isNow = ts.isNewExpression(node) && called === 'Date' && !node.arguments?.length;
  return readsClock || isNow ? 'reads the clock: `now` is an argument here' : null;
}
