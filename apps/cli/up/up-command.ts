/** The options of `gambeson up`, checked before anything is started. */
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { bringUp } from './bring-up.js';

export interface UpOptions {
  readonly data: string;
  readonly port?: number;
  readonly substituterPort?: number;
  readonly demo: boolean;
  readonly workers: number;
  readonly maxJobs: number;
  readonly cores: number;
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  /** False: tickets and timers in Postgres although a Redis could be had. */
  readonly redis: boolean;
  readonly backend: 'auto' | 'nix' | 'local';
  readonly leaseSeconds: number;
  readonly restart: boolean;
  readonly untilSettled: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
}

/** Two workers share the machine. */
const defaultCores = Math.max(1, Math.floor(cpus().length / 2));

const examples = `
Examples:
  npm start                                   a farm with a demo channel, data in ./.gambeson
  npm start -- --no-demo --workers 0          a farm without builds of its own
  npm start -- --port 8090 --data /srv/farm   elsewhere
  npm start -- --until-settled                build the demo, print its results, end

Nothing listens beyond 127.0.0.1. Ctrl-C stops everything; the next start goes on with the data.`;

export function upCommand(): Command {
  return new Command('up')
    .description('bring up a whole farm on this machine: database, queue, apps, workers')
    .addOption(port('--port <number>', 'the dashboard and API (default: 8081, or the next free)'))
    .addOption(port('--substituter-port <number>', 'substitutes (default: 3000, or the next free)'))
    .option('--data <directory>', 'where everything is kept', '.gambeson')
    .option('--no-demo', 'without the demo channel')
    .option('--workers <number>', 'workers on this machine', whole(0), 2)
    .option('--max-jobs <number>', 'builds at once on each worker', whole(1), 2)
    .option('--cores <number>', 'cores of one build', whole(0), defaultCores)
    .addOption(
      address('--database-url <url>', 'a Postgres of yours instead of the embedded one', [
        'postgresql:',
        'postgres:',
      ]),
    )
    .addOption(
      address('--redis-url <url>', 'a Redis of yours instead of one started here', [
        'redis:',
        'rediss:',
      ]),
    )
    .option('--no-redis', 'keep tickets and timers in Postgres even where Redis is installed')
    .addOption(backendOption())
    .option('--lease-seconds <number>', 'after which silence a worker is lost', seconds, 30)
    .option('--no-restart', 'leave an app that ends where it fell')
    .option('--until-settled', 'end when every build of the demo is final', false)
    .option('--json', 'machine-readable lines instead of prose', false)
    .option('--verbose', 'every line of every app', false)
    .addHelpText('after', examples)
    .action(async (options: UpOptions, command: Command) => {
      if (options.untilSettled && !options.demo) {
        command.error('error: --until-settled waits for the demo: leave --no-demo away');
      }
      process.exitCode = await bringUp({ ...options, data: resolve(options.data) });
    });
}

function backendOption(): Option {
  return new Option('--backend <name>', 'what the demo is built with')
    .choices(['auto', 'nix', 'local'])
    .default('auto', 'nix when it is installed, else local');
}

function port(flags: string, description: string): Option {
  return new Option(flags, description).argParser(whole(1, 65_535));
}

function address(flags: string, description: string, protocols: readonly string[]): Option {
  return new Option(flags, description).argParser((text) => {
    if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text;
    throw new InvalidArgumentError(`give an address that begins with ${protocols[0]}//.`);
  });
}

function whole(least: number, most = 1024): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`give a whole number from ${least} to ${most}.`);
  };
}

function seconds(text: string): number {
  const value = Number(text);
  if (value >= 1 && value <= 3600) return value;
  throw new InvalidArgumentError('give seconds from 1 to 3600.');
}
