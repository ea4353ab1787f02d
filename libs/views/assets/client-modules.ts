/**
 * The texts of the client scripts: beside this room as the build left them, or as sources, whose
 * types are taken away, when nothing is built.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

export interface ClientModule {
  /** Without a suffix. */
  readonly name: string;
  readonly text: string;
}

const directory = join(import.meta.dirname, '..', 'client');
const sourceMap = /\n\/\/# sourceMappingURL=[^\n]*\s*$/;

/** In order of their names. Throws when there is none: no page would be alive. */
export function readClientModules(): readonly ClientModule[] {
  const files = readdirSync(directory).filter((file) => /(?<!\.spec)\.[jt]s$/.test(file));
  if (files.length === 0) throw new Error(`no client script lies in ${directory}`);
  return files.sort().map((file) => {
    const text = readFileSync(join(directory, file), 'utf8');
    const plain = file.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
    return { name: file.slice(0, -3), text: plain.replace(sourceMap, '\n') };
  });
}
