/** `gambeson eval …`: what was read of specifications, what came of it, what is wished of it. */
import { Command } from 'commander';
import { diffCommand } from './diff-command.js';
import { listCommand, showCommand } from './reading-commands.js';
import { cancelCommand, restartCommand, retryCommand, triggerCommand } from './wish-commands.js';
import { watchCommand } from './watch/watch-command.js';

const examples = `
Examples:
  gambeson eval list --spec guix-master
  gambeson eval show 1204
  gambeson eval show https://ci.example.org/eval/1204
  gambeson eval diff 1204
  gambeson eval watch --spec guix-master --commit 0123456789ab
  gambeson eval trigger guix-master
  gambeson eval restart 1204 --failures infrastructure

An evaluation is named by its id, by the address of its page, by a commit that it read, or by its
specification, whose newest one it then is.`;

export function evalCommand(): Command {
  return new Command('eval')
    .description('evaluations: what was read, and what came of it')
    .addHelpText('after', examples)
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(diffCommand())
    .addCommand(watchCommand())
    .addCommand(triggerCommand())
    .addCommand(cancelCommand())
    .addCommand(restartCommand())
    .addCommand(retryCommand());
}
