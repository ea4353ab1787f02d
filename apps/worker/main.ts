/** The worker agent's process: options, identity, signals. See agent.ts for what it does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sentenceOf } from '#std/farm-fault.js';
import { WorkerAgent } from './agent.js';
import { takeDataDirectory } from './data-lock.js';
import { credentialOf, EnrolmentRefused } from './enrol.js';
import { readOptions } from './options.js';
import { say } from './say.js';

/** EX_CONFIG of sysexits: starting it again mends nothing, a new credential does. */
const removedStatus = 78;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const holder = takeDataDirectory(options.data);
  if (holder) {
    throw new EnrolmentRefused(
      `${options.data} is in use by process ${holder.pid}: choose another directory with --data`,
    );
  }
  const impatient = (): never => process.exit(0);
  process.on('SIGTERM', impatient).on('SIGINT', impatient);
  const identity = await credentialOf(options);
  const agent = new WorkerAgent(options, identity, ownVersion());
  process.off('SIGTERM', impatient).off('SIGINT', impatient);
  let asked = 0;
  const onSignal = (): void => {
    asked++;
    if (asked === 1) agent.drain();
    else if (asked === 2) void agent.handBack();
    else process.exit(0);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  agent.start();
  const ending = await agent.finished;
  say(ending === 'removed' ? 'stopped: the farm has removed this worker' : 'stopped');
  process.exit(ending === 'removed' ? removedStatus : 0);
}

function ownVersion(): string {
  try {
    const file = join(import.meta.dirname, '../../../package.json');
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}

main().catch((thrown: unknown) => {
  process.stderr.write(`worker: ${sentenceOf(thrown)}\n`);
  process.exit(1);
});
