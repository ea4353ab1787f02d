/** `gambeson`, the command: what it can do stands in program.ts, how it ends in exit-codes.ts. */
import { endBadly } from './exit-codes.js';
import { gambesonProgram } from './program.js';

// Whoever reads the output may have seen enough of it.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') endBadly(error);
  process.exit();
});

try {
  await gambesonProgram().parseAsync();
} catch (error) {
  endBadly(error);
}
