/** `gambeson store …`: what an operator asks of the stores. */
import { Command } from 'commander';
import { gcCommand } from '../retention/gc-command.js';
import { exportCommand, importCommand } from './archive-commands.js';
import { addCommand, listCommand, setCommand } from './manage-commands.js';
import { verifyCommand } from './verify-command.js';

export function storeCommand(): Command {
  return new Command('store')
    .description('look after the stores that the farm publishes')
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(setCommand())
    .addCommand(gcCommand())
    .addCommand(verifyCommand())
    .addCommand(exportCommand())
    .addCommand(importCommand());
}
