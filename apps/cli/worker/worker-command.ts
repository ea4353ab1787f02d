/** `gambeson worker …`: the machines that build, and what is wished of them. */
import { Command } from 'commander';
import { enrolCommand } from './enrol-command.js';
import { listCommand, showCommand } from './reading-commands.js';
import { drainCommand, pauseCommand, removeCommand, resumeCommand } from './standing-commands.js';

const examples = `
Examples:
  gambeson worker list
  gambeson worker pause build-7 build-8 --for 2h --note "new disks"
  gambeson worker drain build-7
  gambeson worker enrol --note build-9 --output ./token

A worker is named by its name, its id or its page's address. One that is paused keeps what it has
and gets nothing new; one that is drained ends its builds and is out of use until it is resumed.`;

export function workerCommand(): Command {
  return new Command('worker')
    .description('the machines that build')
    .addHelpText('after', examples)
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(enrolCommand())
    .addCommand(pauseCommand())
    .addCommand(drainCommand())
    .addCommand(resumeCommand())
    .addCommand(removeCommand());
}
