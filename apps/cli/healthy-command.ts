/** `gambeson healthy URL`: exit status 0 when the address answers well; for health checks. */
import { Command } from 'commander';
import { sentenceOf } from '#std/farm-fault.js';
import { exitCodes } from './exit-codes.js';

const patienceMillis = 4_000;

export function healthyCommand(): Command {
  return new Command('healthy')
    .description('ask a process of the farm whether it is well')
    .argument('<url>', 'such as http://127.0.0.1:8081/readyz')
    .action(async (url: string) => {
      const answer = await fetch(url, { signal: AbortSignal.timeout(patienceMillis) }).then(
        (response) => (response.ok ? null : `${url} answered ${response.status}`),
        (error: unknown) => `${url} does not answer: ${sentenceOf(error)}`,
      );
      if (answer === null) return;
      process.stderr.write(`${answer}\n`);
      process.exitCode = exitCodes.unwell;
    });
}
