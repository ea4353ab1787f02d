/** `gambeson spec …`: what the farm watches and builds, from files and back to files. */
import { Command } from 'commander';
import { applyCommand } from './apply-command.js';
import {
  followCommand,
  followedCommand,
  lookCommand,
  unfollowCommand,
} from './repository-commands.js';
import {
  exportCommand,
  listCommand,
  pauseCommand,
  releaseCommand,
  removeCommand,
  resumeCommand,
  showCommand,
} from './standing-commands.js';

const examples = `
Examples:
  gambeson spec apply farm.scm --dry-run
  gambeson spec apply specifications/ --prune
  gambeson spec export --format scm > farm.scm
  gambeson spec list
  gambeson spec pause guix-master
  gambeson spec follow https://git.example.org/farm.git --branch main --file farm.scm

Files are Scheme as Cuirass's users write it (.scm), JSON (.json) or YAML (.yaml). They are read as
data: nothing in them is evaluated. Nothing is applied when any of them has a fault.`;

export function specCommand(): Command {
  return new Command('spec')
    .description('what the farm watches and builds')
    .addHelpText('after', examples)
    .addCommand(applyCommand())
    .addCommand(exportCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(pauseCommand())
    .addCommand(resumeCommand())
    .addCommand(releaseCommand())
    .addCommand(removeCommand())
    .addCommand(followCommand())
    .addCommand(followedCommand())
    .addCommand(lookCommand())
    .addCommand(unfollowCommand());
}
