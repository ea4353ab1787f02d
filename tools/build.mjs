/**
 * Builds dist/ when a source is newer, gone or new since the last build; else returns at once. What
 * has no source any more is removed from dist/, so that nothing dead is ever started.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './programs.mjs';

export const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
const rooms = ['apps', 'libs', 'bench'];
const settings = ['package-lock.json', 'nest-cli.json', '.swcrc', 'tsconfig.json'];
const isSource = /(?<!\.spec)\.tsx?$/;

/** Every file below the directory, as paths from the checkout; a missing directory has none. */
function filesBelow(directory) {
  const at = join(checkout, directory);
  if (!existsSync(at)) return [];
  const entries = readdirSync(at, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(checkout, join(entry.parentPath ?? entry.path, entry.name)));
}

/** One digest over names, sizes and times: a change of any of them asks for a build. */
function digestOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths.sort()) {
    const { size, mtimeMs } = statSync(join(checkout, path));
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** The Prisma client is generated code: made once for each schema, without the schema engine. */
export function generateClient() {
  const target = join(checkout, 'libs', 'adapters', 'postgres', 'generated');
  const stamp = join(target, '.made-from');
  const digest = createHash('sha256')
    .update(readFileSync(join(checkout, 'prisma', 'schema.prisma')))
    .update(readFileSync(join(checkout, 'package.json')))
    .digest('hex');
  if (read(stamp) === digest) return true;
  rmSync(target, { recursive: true, force: true });
  const engine = resolve(checkout, 'tools', 'no-schema-engine.sh');
  const environment = {
    PRISMA_SCHEMA_ENGINE_BINARY: engine,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  };
  const prisma = join(checkout, 'node_modules', 'prisma', 'build', 'index.js');
  if (!run(process.execPath, [prisma, 'generate'], { quiet: true, environment })) return false;
  if (!existsSync(target)) return false;
  writeFileSync(stamp, digest);
  return true;
}

/** True when dist/ is as new as its sources. */
export function build() {
  const sources = rooms.flatMap(filesBelow).filter((path) => isSource.test(path));
  const stamp = join(checkout, 'dist', '.made-from');
  const digest = digestOf([...sources, ...settings]);
  if (read(stamp) === digest) return true;
  process.stdout.write('setup: building\n');
  rmSync(stamp, { force: true });
  const nest = join(checkout, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  if (!run(process.execPath, [nest, 'build', '--all'], { quiet: true })) return false;
  const missing = sources.filter((path) => !existsSync(join(checkout, 'dist', compiled(path))));
  if (missing.length > 0) {
    process.stderr.write(`setup: the build left out ${missing.join(', ')}\n`);
    return false;
  }
  removeDead(new Set(sources.map(compiled)));
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
  return true;
}

function compiled(path) {
  return path.replace(/\.tsx?$/, '.js');
}

function removeDead(alive) {
  for (const path of filesBelow('dist')) {
    const name = relative('dist', path);
    if (name.endsWith('.js') && !alive.has(name)) rmSync(join(checkout, path));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.chdir(checkout);
  if (!generateClient() || !build()) process.exit(1);
}
