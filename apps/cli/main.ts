/**
 * `gambeson`, the command: `up` brings a whole farm to one machine, `migrate` the schema up to
 * date.
 */
import { Command } from 'commander';
import { sentenceOf } from '#std/farm-fault.js';
import { doctorCommand } from './doctor/doctor-command.js';
import { forgeCommand } from './forge/forge-command.js';
import { healthyCommand } from './healthy-command.js';
import { keyCommand } from './key/key-command.js';
import { migrateCommand } from './migrate-command.js';
import { provenanceCommand } from './provenance/provenance-command.js';
import { notificationCommand } from './notification/notification-command.js';
import { pinCommand } from './retention/pin-command.js';
import { releaseCommand } from './retention/release-command.js';
import { specCommand } from './spec/spec-command.js';
import { storeCommand } from './store/store-command.js';
import { tokenCommand } from './token/token-command.js';
import { upCommand } from './up/up-command.js';
import { upstreamCommand } from './upstream/upstream-command.js';

const program = new Command('gambeson')
  .description('A continuous-integration build farm coordinator for GNU Guix and Nix')
  .showHelpAfterError('(--help tells the options)')
  .addCommand(upCommand())
  .addCommand(tokenCommand())
  .addCommand(upstreamCommand())
  .addCommand(specCommand())
  .addCommand(migrateCommand())
  .addCommand(forgeCommand())
  .addCommand(storeCommand())
  .addCommand(doctorCommand())
  .addCommand(healthyCommand())
  .addCommand(keyCommand())
  .addCommand(notificationCommand())
  .addCommand(pinCommand())
  .addCommand(provenanceCommand())
  .addCommand(releaseCommand());

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`gambeson: ${sentenceOf(error)}\n`);
  process.exitCode = 1;
}
