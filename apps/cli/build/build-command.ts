/** `gambeson build …`: one wish to realise one derivation. */
import { Command } from 'commander';
import { logCommand } from './log-command.js';
import { listCommand, showCommand, whyCommand } from './reading-commands.js';
import { bumpCommand, cancelCommand, restartCommand } from './wish-commands.js';

const examples = `
Examples:
  gambeson build show 7
  gambeson build log https://ci.example.org/build/7/details --follow
  gambeson build log hello --tail 30
  gambeson build why 12
  gambeson build list --status failed --system x86_64-linux
  gambeson build restart 7

A build is named by its id, by the address of its page, or by its package, whose newest one it is.`;

export function buildCommand(): Command {
  return new Command('build')
    .description('builds: how they stand, why they wait, and their logs')
    .addHelpText('after', examples)
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(whyCommand())
    .addCommand(logCommand())
    .addCommand(restartCommand())
    .addCommand(cancelCommand())
    .addCommand(bumpCommand());
}
