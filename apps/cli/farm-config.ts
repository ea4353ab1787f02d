/**
 * The user's own file of farms, `gambeson/config.json` below XDG_CONFIG_HOME or ~/.config:
 *
 *     { "farm": "ci",
 *       "farms": { "ci": { "url": "https://ci.example.org", "tokenFile": "~/.secrets/ci" } } }
 *
 * It holds no token, only where one lies.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { sentenceOf } from '#std/farm-fault.js';
import { faultsOf } from '#protocol/api/problem.js';
import { Refusal } from './exit-codes.js';

type Environment = Readonly<Record<string, string | undefined>>;

const ConfigFile = z.strictObject({
  /** Which of the farms is asked when none is named. */
  farm: z.string().optional(),
  farms: z
    .record(
      z.string(),
      z.strictObject({ url: z.url({ protocol: /^https?$/ }), tokenFile: z.string().optional() }),
    )
    .default({}),
});

export interface KnownFarm {
  readonly url: string;
  readonly tokenFile?: string;
}

export interface FarmConfig {
  readonly farm?: string | undefined;
  readonly farms: Readonly<Record<string, KnownFarm>>;
}

function configPath(env: Environment): string {
  const home = env['HOME'] ?? homedir();
  const given = env['XDG_CONFIG_HOME'];
  const base = given !== undefined && isAbsolute(given) ? given : join(home, '.config');
  return join(base, 'gambeson', 'config.json');
}

/** Of no file: no farms. Throws a Refusal that names the file, and what is wrong in it. */
export async function readFarmConfig(env: Environment): Promise<FarmConfig> {
  const path = configPath(env);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const missing = ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
    if (missing) return { farms: {} };
    throw new Refusal('usage', `${path} cannot be read: ${sentenceOf(error)}`);
  }
  return parseConfig(path, text, env['HOME'] ?? homedir());
}

function parseConfig(path: string, text: string, home: string): FarmConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Refusal('usage', `${path} is no JSON: ${sentenceOf(error)}`);
  }
  const parsed = ConfigFile.safeParse(value);
  if (!parsed.success) {
    const faults = faultsOf(parsed.error.issues as never);
    const words = faults.map((one) => `${one.pointer ?? ''}: ${one.detail}`);
    throw new Refusal('usage', `${path}: ${words.join('; ')}`);
  }
  const { farm, farms } = parsed.data;
  if (farm !== undefined && farms[farm] === undefined) {
    throw new Refusal('usage', `${path}: farm ${farm} is not among its farms`);
  }
  const known = Object.entries(farms).map(([name, { url, tokenFile }]) => {
    const place = tokenFile === undefined ? {} : { tokenFile: atHome(tokenFile, home) };
    return [name, { url, ...place }] as const;
  });
  return { farm, farms: Object.fromEntries(known) };
}

function atHome(path: string, home: string): string {
  if (path.startsWith('~/')) return join(home, path.slice(2));
  return resolve(home, path);
}
