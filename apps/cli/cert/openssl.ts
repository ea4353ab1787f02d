/** Runs openssl: arguments go to it as they are, and what it complains of becomes one sentence. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { FarmFault } from '#std/farm-fault.js';

const run = promisify(execFile);

/** What it prints. Throws FarmFault `misconfigured` with its own last words. */
export async function openssl(words: readonly string[], directory?: string): Promise<string> {
  try {
    const options = { ...(directory !== undefined && { cwd: directory }), timeout: 60_000 };
    return (await run('openssl', [...words], { ...options, encoding: 'utf8' })).stdout;
  } catch (cause) {
    throw new FarmFault('misconfigured', whyNot(cause, words), 'never', { cause });
  }
}

function whyNot(cause: unknown, words: readonly string[]): string {
  const { code, stderr = '' } = cause as { code?: unknown; stderr?: string };
  if (code === 'ENOENT') return 'openssl is not installed';
  const said = stderr
    .split('\n')
    .map((line) => line.replace(/^[0-9A-F]+:error:[0-9A-F]+:/, '').trim())
    .filter((line) => line !== '' && !/^(Using configuration|Check that|Signature ok)/.test(line));
  return `openssl ${words[0]} failed: ${said.slice(0, 3).join('; ') || String(code)}`;
}
