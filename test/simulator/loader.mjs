/**
 * Runs the sources as they are, without a build: `#room/file.js` is libs/room/file.ts, types are
 * stripped by swc. GAMBESON_MUTATION names a fault of mutations.json that is planted while its files
 * load; a snippet that is not there any more ends the process, so that no mutation rots unseen.
 *
 *     node --import ./test/simulator/loader.mjs test/simulator/main.ts
 */
import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';

const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const swc = JSON.parse(readFileSync(join(checkout, '.swcrc'), 'utf8'));
const edits = editsOf(process.env.GAMBESON_MUTATION);

registerHooks({
  resolve(specifier, context, next) {
    const source = sourceOf(specifier, context.parentURL);
    if (source) return { url: pathToFileURL(source).href, shortCircuit: true };
    return next(specifier, context);
  },
  load(url, context, next) {
    if (!/\.tsx?$/.test(url) || url.includes('/node_modules/')) return next(url, context);
    const path = fileURLToPath(url);
    const text = planted(relative(checkout, path), readFileSync(path, 'utf8'));
    const { code } = transformSync(text, { ...swc, filename: path, swcrc: false });
    return { format: 'module', source: code, shortCircuit: true };
  },
});

function sourceOf(specifier, parent) {
  if (!specifier.endsWith('.js')) return null;
  const stem = specifier.slice(0, -'.js'.length);
  if (specifier.startsWith('#')) return existing(join(checkout, 'libs', stem.slice(1)));
  if (!specifier.startsWith('.') || !parent?.startsWith('file:')) return null;
  return existing(join(dirname(fileURLToPath(parent)), stem));
}

function existing(stem) {
  return [`${stem}.ts`, `${stem}.tsx`].find((path) => existsSync(path)) ?? null;
}

function editsOf(name) {
  if (!name) return [];
  const { mutations } = JSON.parse(
    readFileSync(join(checkout, 'test', 'simulator', 'mutations.json'), 'utf8'),
  );
  const mutation = mutations.find((one) => one.name === name);
  if (!mutation) throw new Error(`there is no mutation ${name}`);
  return mutation.edits;
}

function planted(path, text) {
  let planted = text;
  for (const { file, find, replace } of edits) {
    if (file !== path) continue;
    const pieces = planted.split(find);
    if (pieces.length !== 2) {
      throw new Error(`${file} holds ${pieces.length - 1} times: ${find}`);
    }
    planted = pieces.join(replace);
  }
  return planted;
}
