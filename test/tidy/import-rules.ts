/** Holds every import against the table of rooms. */
import { posix } from 'node:path';
import ts from 'typescript';
import { hashingFiles, portsRoom, rooms, type Room } from './rooms.js';
import { faultAt, isSpec, nodesOf, type Fault, type SourceFile } from './source-tree.js';

interface Import {
  readonly specifier: string;
  readonly position: number;
}

export function importFaults(sources: readonly SourceFile[]): Fault[] {
  return sources.flatMap((source) => {
    const room = roomOf(source.path);
    if (!room) return [faultAt(source, 0, 'lies in no room of the table')];
    return importsOf(source).flatMap((found) => {
      const message = refusal(source.path, room, found.specifier);
      return message === null ? [] : [faultAt(source, found.position, message)];
    });
  });
}

export function roomOf(path: string): Room | undefined {
  return rooms
    .filter(({ room }) => path.startsWith(`${room}/`))
    .sort((a, b) => b.room.length - a.room.length)[0];
}

function importsOf(source: SourceFile): Import[] {
  const imports: Import[] = [];
  for (const node of nodesOf(source)) {
    const specifier = specifierOf(node);
    if (specifier) imports.push({ specifier: specifier.text, position: specifier.getStart() });
  }
  return imports;
}

function specifierOf(node: ts.Node): ts.StringLiteral | null {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    const specifier = node.moduleSpecifier;
    return specifier && ts.isStringLiteral(specifier) ? specifier : null;
  }
  const dynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const [first] = dynamic ? node.arguments : [];
  return first && ts.isStringLiteral(first) ? first : null;
}

function refusal(path: string, room: Room, specifier: string): string | null {
  if (specifier.startsWith('#') || specifier.startsWith('.')) {
    return roomRefusal(path, room, targetOf(path, specifier));
  }
  if (isSpec(path)) return null;
  if (room.room === 'libs/formats' && specifier === 'node:crypto' && hashingFiles.test(path)) {
    return null;
  }
  const allowed = room.packages.some((pattern) => matches(pattern, specifier));
  return allowed ? null : `${room.room} may not import ${specifier}`;
}

function targetOf(path: string, specifier: string): string {
  if (specifier.startsWith('#')) return `libs/${specifier.slice(1)}`;
  return posix.join(posix.dirname(path), specifier);
}

function roomRefusal(path: string, room: Room, target: string): string | null {
  if (isSpec(path)) return null;
  if (path.startsWith(`${portsRoom}/`) && target.startsWith('libs/application/')) {
    return target.startsWith(`${portsRoom}/`) ? null : 'a port may not import a use case';
  }
  const may = [`${room.room}/`, ...room.may.map((prefix) => prefix.replace(/\/?$/, '/'))];
  const inReach = (prefix: string): boolean =>
    target.startsWith(prefix) || target === `${prefix.slice(0, -1)}.js`;
  const allowed = may.some(inReach) && !betweenBackends(path, target);
  return allowed ? null : `${room.room} may not import ${target}`;
}

/** One backend never imports another; the sandbox, and what all builds have, are shared. */
function betweenBackends(path: string, target: string): boolean {
  const backend = (of: string): string | undefined =>
    /^libs\/adapters\/backends\/(\w+)/.exec(of)?.[1];
  const [from, to] = [backend(path), backend(target)];
  if (from === undefined || to === undefined || from === to) return false;
  return to !== 'sandbox' && to !== 'realise';
}

function matches(pattern: string, specifier: string): boolean {
  if (pattern === '*') return true;
  if (pattern.endsWith('*')) return specifier.startsWith(pattern.slice(0, -1));
  return specifier === pattern || specifier.startsWith(`${pattern}/`);
}
