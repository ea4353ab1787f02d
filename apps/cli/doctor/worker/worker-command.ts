/**
 * `gambeson doctor worker`: has this machine all that its worker needs? Run it on the worker, as
 * its user, with its settings. The exit status is 0 when it can build (warnings or not), 1 when
 * something is broken; otherwise it could not be found out.
 */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { hasDaemon } from '#adapters/backends/guix/build/guix-place.js';
import { lookForProgram } from '#adapters/backends/sandbox/program.js';
import { FarmFault } from '#std/farm-fault.js';
import { exitCodes } from '../../exit-codes.js';
import { Examination, type Check } from './check.js';
import { examineFarm } from './farm.js';
import { examineGuix } from './guix.js';
import { examineMachine, sandbox } from './machine.js';
import { examineNix } from './nix.js';

interface WorkerOptions {
  readonly farm: string;
  readonly data: string;
  readonly tokenFile?: string;
  readonly backends?: string;
  readonly maxJobs: string;
  readonly cores: string;
  readonly features: string;
  readonly minDisk: string;
  readonly json: boolean;
}

const examples = `
Examples:
  gambeson doctor worker --farm https://farm.example.org --data /var/lib/gambeson-worker
  sudo -u gambeson-worker env $(sudo cat /etc/gambeson/worker.env) \\
      gambeson doctor worker --data /var/lib/gambeson-worker --json

Its options, and the environment variables in their place, are those of the worker itself.`;

export function workerCommand(): Command {
  const option = (flags: string, text: string, variable: string): Option =>
    new Option(flags, text).env(`GAMBESON_WORKER_${variable}`);
  return new Command('worker')
    .description('look whether this machine has all that its worker needs')
    .addOption(
      new Option('--farm <urls>', "the farm's api, or several, separated by commas")
        .env('GAMBESON_FARM')
        .default('http://127.0.0.1:8081'),
    )
    .addOption(option('--data <dir>', 'of the worker', 'DATA').default('.'))
    .addOption(option('--token-file <file>', 'one-time token, for the first start', 'TOKEN_FILE'))
    .addOption(option('--backends <list>', 'else those that are found', 'BACKENDS'))
    .addOption(option('--max-jobs <n>', 'builds at once', 'MAX_JOBS').default('1'))
    .addOption(option('--cores <n>', 'of one build; 0 is all', 'CORES').default('0'))
    .addOption(option('--features <list>', 'such as kvm', 'FEATURES').default(''))
    .addOption(option('--min-disk <size>', 'such as 20GiB', 'MIN_DISK').default('1GiB'))
    .option('--json', 'one object at the end, for programs', false)
    .addHelpText('after', examples)
    .action(async (options: WorkerOptions) => {
      const checks = await examine(options);
      const broken = checks.filter(({ state }) => state === 'broken').length;
      const warnings = checks.filter(({ state }) => state === 'warning').length;
      const whole = broken === 0;
      const text = options.json
        ? JSON.stringify({ whole, broken, warnings, checks }, null, 2)
        : verdict(broken, warnings);
      process.stdout.write(`${text}\n`);
      process.exitCode = whole ? exitCodes.well : exitCodes.unwell;
    });
}

async function examine(options: WorkerOptions): Promise<readonly Check[]> {
  const exam = new Examination((check) => {
    if (!options.json) process.stdout.write(line(check));
  });
  const data = resolve(options.data);
  const maxJobs = whole('--max-jobs', options.maxJobs);
  const features = listed(options.features);
  const [cores, minDisk] = [whole('--cores', options.cores), sizeOf(options.minDisk)];
  const backends = options.backends === undefined ? found() : listed(options.backends);
  await examineMachine({ data, minDisk, maxJobs, cores, features }, exam);
  const farms = listed(options.farm).map((url) => url.replace(/\/+$/, ''));
  const stores = await examineFarm({ farms, data, tokenFile: options.tokenFile }, exam);
  if (backends.includes('guix')) await examineGuix({ stores, maxJobs }, exam);
  if (backends.includes('nix')) await examineNix(exam);
  if (backends.includes('local')) await exam.look('sandbox', sandbox);
  return exam.checks;
}

function found(): string[] {
  const nix = lookForProgram('nix-store') !== null;
  return [...(hasDaemon() ? ['guix'] : []), ...(nix ? ['nix'] : []), 'local'];
}

function listed(text: string): string[] {
  return text.split(/[,\s]+/).filter(Boolean);
}

function whole(flag: string, text: string): number {
  if (/^[0-9]{1,6}$/.test(text)) return Number(text);
  throw new FarmFault('misconfigured', `${flag} must be a whole number, not ${text}`, 'never');
}

function sizeOf(text: string): number {
  const [, digits, unit = ''] = /^([0-9]{1,15})([KMGT]iB|[KMGT])?$/.exec(text) ?? [];
  if (digits !== undefined) {
    return Number(digits) * 1024 ** (unit === '' ? 0 : 'KMGT'.indexOf(unit[0] ?? '') + 1);
  }
  throw new FarmFault('misconfigured', `--min-disk must be a size such as 20GiB`, 'never');
}

const marks: Readonly<Record<Check['state'], string>> = {
  ok: 'ok     ',
  warning: 'WARNING',
  broken: 'BROKEN ',
  skipped: '–      ',
};

function line({ name, state, sentence, advice }: Check): string {
  const told = `${marks[state]} ${name.padEnd(24)} ${sentence}\n`;
  return advice === undefined ? told : `${told}${' '.repeat(33)}→ ${advice}\n`;
}

function verdict(broken: number, warnings: number): string {
  const also = warnings === 0 ? '' : `; ${warnings} could be better`;
  if (broken === 0) return `This machine can build for its farm${also}.`;
  return `This machine cannot build for its farm: ${broken} of its needs are not met${also}.`;
}
