/**
 * Starts the simulator from its sources, with the Node of this checkout. `--mutation NAME` must be
 * known before anything is loaded, so it travels in the environment.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const words = process.argv.slice(2);
const at = words.indexOf('--mutation');
const mutation = at < 0 ? {} : { GAMBESON_MUTATION: words[at + 1] ?? '' };
const loader = join(here, 'loader.mjs');
const child = spawn(process.execPath, ['--import', loader, join(here, 'main.ts'), ...words], {
  stdio: 'inherit',
  env: { ...process.env, ...mutation },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
