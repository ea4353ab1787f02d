/** The options of every command that asks a running farm: where it is, and the token's file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { sentenceOf } from '#std/farm-fault.js';
import { Refusal } from './exit-codes.js';
import { farmApiOf, type FarmApi } from './farm-api.js';
import { readFarmConfig, type FarmConfig, type KnownFarm } from './farm-config.js';

export interface FarmOptions {
  readonly farm?: string;
  readonly tokenFile?: string;
  readonly adminTokenFile?: string;
  /** The answer itself is printed, and no words of ours. */
  readonly json?: boolean;
}

/** Where nothing says otherwise: `gambeson up` listens there. */
export const usualFarm = 'http://127.0.0.1:8081';

export function withFarmOptions(command: Command): Command {
  return command
    .option('--farm <farm>', `an address, or a name of your config; else GAMBESON_URL`)
    .option('--token-file <file>', 'holds the token; needed where something is changed')
    .addOption(new Option('--admin-token-file <file>', 'as --token-file').hideHelp());
}

/** Of commands that ask once, and print the answer in words or as JSON. */
export function ofFarm(command: Command): Command {
  return withFarmOptions(command).option('--json', 'what the farm answers, as JSON', false);
}

export interface Reached {
  /** Without a slash at its end. */
  readonly base: string;
  /** Where its token lies; a file that was named here and now has to be there. */
  readonly token: { readonly file: string; readonly named: boolean } | null;
}

/**
 * Which farm is asked: the one that --farm names, else the one of a pasted address, else
 * GAMBESON_URL, else the config's. A token goes only to the farm that it is kept for: the one of
 * the environment never goes where a pasted address leads.
 */
export async function reachFarm(options: FarmOptions, pasted?: string): Promise<Reached> {
  const env = process.env;
  const config = await readFarmConfig(env);
  const usual = env['GAMBESON_URL'] ?? (config.farm && config.farms[config.farm]?.url);
  const own = trimmed(usual ?? usualFarm);
  const base = trimmed(addressOf(options.farm, config) ?? pasted ?? own);
  const file = options.tokenFile ?? options.adminTokenFile;
  if (file !== undefined) return { base, token: { file, named: true } };
  const known = farmAt(base, config)?.tokenFile;
  const given = env['GAMBESON_TOKEN_FILE'] ?? env['GAMBESON_ADMIN_TOKEN_FILE'];
  const mine = options.farm !== undefined || base === own;
  if (given !== undefined && mine) return { base, token: { file: given, named: false } };
  if (known !== undefined) return { base, token: { file: known, named: false } };
  if (!mine) return { base, token: null };
  const local = join(env['GAMBESON_DATA'] ?? '.gambeson', 'secrets', 'admin-token');
  return { base, token: { file: local, named: false } };
}

function addressOf(farm: string | undefined, config: FarmConfig): string | undefined {
  if (farm === undefined || /^https?:\/\//i.test(farm)) return farm;
  const known = config.farms[farm];
  if (known) return known.url;
  const names = Object.keys(config.farms).join(', ') || 'none';
  throw new Refusal('usage', `--farm ${farm} is neither an address nor in your config (${names})`);
}

function farmAt(base: string, config: FarmConfig): KnownFarm | undefined {
  return Object.values(config.farms).find(({ url }) => trimmed(url) === base);
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '');
}

/** The token is read when a call wants it: reading a farm needs none. */
export async function openFarmApi(options: FarmOptions, pasted?: string): Promise<FarmApi> {
  const { base, token } = await reachFarm(options, pasted);
  return farmApiOf(base, (needed) => readToken(base, token, needed));
}

async function readToken(
  base: string,
  token: Reached['token'],
  needed: boolean,
): Promise<string | null> {
  if (token === null) {
    if (!needed) return null;
    throw new Refusal('unauthorized', `no token of yours is for ${base}: give --token-file`);
  }
  const held = await readFile(token.file, 'utf8').then(
    (text) => ({ text: text.trim() }),
    (error: unknown) => ({ why: `the token cannot be read (${sentenceOf(error)})` }),
  );
  const why = 'why' in held ? held.why : faultOfToken(held.text, token.file);
  if (why === null && 'text' in held) return held.text;
  if (!needed && !token.named) return null;
  throw new Refusal('unauthorized', `${why}: give --token-file`);
}

/** What no header can hold is no token, whatever else the file is. */
function faultOfToken(text: string, file: string): string | null {
  return /^[!-~]{1,512}$/.test(text) ? null : `${file} holds no token`;
}
