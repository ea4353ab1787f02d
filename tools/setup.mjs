/**
 * Makes a fresh clone ready: npm packages, system programs, the generated client, the build. Runs on
 * any Node from 20 on, without packages, and does nothing, quickly, when all is there.
 *
 *     node tools/setup.mjs --for start|test|bench|ci
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, run } from './programs.mjs';
import { installSystemPrograms } from './system-programs.mjs';

const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(checkout);

function say(text) {
  process.stdout.write(`setup: ${text}\n`);
}

function fail(text) {
  process.stderr.write(`setup: ${text}\n`);
  process.exit(1);
}

/** Whatever else stands there is refused, before anything is installed or built. */
function purpose() {
  const [word, wanted, ...rest] = process.argv.slice(2);
  const known = word === '--for' && ['start', 'test', 'bench', 'ci'].includes(wanted);
  if (known && rest.length === 0) return wanted;
  return fail('usage: node tools/setup.mjs --for start|test|bench|ci');
}

/** Installs the lock file's packages unless the stamp says that they are there. */
function installPackages() {
  const modules = join(checkout, 'node_modules');
  const stamp = join(modules, '.gambeson-installed');
  const lock = readFileSync(join(checkout, 'package-lock.json'));
  const wanted = `${createHash('sha256').update(lock).digest('hex')} ${process.platform}`;
  const present = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (present === wanted && existsSync(ownNode())) return;
  say('installing the npm packages (about a minute)');
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const [program, ...before] = npmCommand(modules);
  if (!run(program, [...before, 'ci', ...quiet])) fail('npm ci failed; its message is above');
  if (!existsSync(ownNode())) fail('npm ci did not bring node_modules/.bin/node');
  writeFileSync(stamp, wanted);
}

/** The host's own npm: npm ci removes node_modules, and with it a Node that runs from there. */
function npmCommand(modules) {
  const node = findProgram('node', modules) ?? process.execPath;
  const script = process.env.npm_execpath;
  if (script?.endsWith('.js') && existsSync(script)) return [node, script];
  return [findProgram('npm', modules) ?? fail('npm is not on the PATH')];
}

function ownNode() {
  return join(checkout, 'node_modules', '.bin', 'node');
}

/** The rest needs Node 24: started again on the Node that the packages brought. */
function continueOnOwnNode() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return;
  const done = spawnSync(ownNode(), process.argv.slice(1), { stdio: 'inherit' });
  process.exit(done.status ?? 1);
}

const wanted = purpose();
installPackages();
continueOnOwnNode();
installSystemPrograms(wanted, say);
const { build, generateClient } = await import('./build.mjs');
if (!generateClient()) fail('the database client could not be generated');
if (!build()) fail('the build failed');
