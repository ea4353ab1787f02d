/** The options of every command that asks a running farm: where it is, and the admin's token. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { FarmFault } from '#std/farm-fault.js';
import { FarmApi } from './farm-api.js';

export interface FarmOptions {
  readonly farm: string;
  readonly adminTokenFile?: string;
}

export function withFarmOptions(command: Command): Command {
  return command
    .option(
      '--farm <url>',
      'the api of the farm',
      process.env['GAMBESON_URL'] ?? 'http://127.0.0.1:8081',
    )
    .option(
      '--admin-token-file <file>',
      'else GAMBESON_ADMIN_TOKEN_FILE, else secrets/admin-token below GAMBESON_DATA',
    );
}

/** Throws FarmFault `misconfigured` when there is no token to be read. */
export async function openFarmApi(options: FarmOptions): Promise<FarmApi> {
  const { GAMBESON_ADMIN_TOKEN_FILE: named, GAMBESON_DATA: data = '.gambeson' } = process.env;
  const file = options.adminTokenFile ?? named ?? join(data, 'secrets', 'admin-token');
  const token = await readFile(file, 'utf8').catch((cause: unknown) => {
    const message = `the admin token cannot be read from ${file}: give --admin-token-file`;
    throw new FarmFault('misconfigured', message, 'never', { cause });
  });
  return new FarmApi(options.farm.replace(/\/+$/, ''), token.trim());
}
