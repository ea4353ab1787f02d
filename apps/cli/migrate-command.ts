/** `gambeson migrate`: applies the pending migrations, without any engine to download. */
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { migrate } from '#adapters/postgres/migrate.js';
import { FarmFault } from '#std/farm-fault.js';
import { inCheckout } from './checkout.js';

interface MigrateOptions {
  readonly databaseUrl?: string;
}

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database up to the last migration')
    .option('--database-url <url>', 'else DATABASE_URL, else the file DATABASE_URL_FILE names')
    .action(async (options: MigrateOptions) => {
      const applied = await migrate(await databaseUrl(options), inCheckout('prisma/migrations'));
      for (const name of applied) process.stdout.write(`applied ${name}\n`);
      process.stdout.write('the database is up to date\n');
    });
}

async function databaseUrl(options: MigrateOptions): Promise<string> {
  const { DATABASE_URL: plain, DATABASE_URL_FILE: file } = process.env;
  const url = options.databaseUrl ?? plain ?? (file && (await readFile(file, 'utf8')).trim());
  if (url) return url;
  throw new FarmFault('misconfigured', 'give --database-url or set DATABASE_URL', 'never');
}
