/** All commands of `gambeson`, put together anew for each caller: options read the environment. */
import { Command } from 'commander';
import { auditCommand } from './audit/audit-command.js';
import { buildCommand } from './build/build-command.js';
import { completeCommand, completionCommand } from './completion/completion-command.js';
import { certCommand } from './cert/cert-command.js';
import { doctorCommand } from './doctor/doctor-command.js';
import { evalCommand } from './eval/eval-command.js';
import { examplesText } from './examples.js';
import { forgeCommand } from './forge/forge-command.js';
import { healthyCommand } from './healthy-command.js';
import { keyCommand } from './key/key-command.js';
import { migrateCommand } from './migrate-command.js';
import { notificationCommand } from './notification/notification-command.js';
import { provenanceCommand } from './provenance/provenance-command.js';
import { ownVersion } from './own-version.js';
import { queueCommand } from './queue/queue-command.js';
import { pinCommand } from './retention/pin-command.js';
import { releaseCommand } from './retention/release-command.js';
import { specCommand } from './spec/spec-command.js';
import { storeCommand } from './store/store-command.js';
import { tokenCommand } from './token/token-command.js';
import { upCommand } from './up/up-command.js';
import { upstreamCommand } from './upstream/upstream-command.js';
import { workerCommand } from './worker/worker-command.js';

const examples = `
Examples:
  gambeson up                                    a whole farm on this machine
  gambeson spec list
  gambeson COMMAND --help                        options and examples of each command

Exit status: 0 well, 1 what was asked about is not well, 2 wrong usage, 3 not found, 4 not
allowed, 5 conflict, 6 the network or the farm failed, 7 waited too long, 130 interrupted.`;

export function gambesonProgram(): Command {
  const program = new Command('gambeson')
    .description('A continuous-integration build farm coordinator for GNU Guix and Nix')
    .version(ownVersion(), '-V, --version', 'which gambeson this is')
    .addHelpText('after', examples)
    .addCommand(upCommand())
    .addCommand(specCommand())
    .addCommand(evalCommand())
    .addCommand(buildCommand())
    .addCommand(workerCommand())
    .addCommand(queueCommand())
    .addCommand(upstreamCommand())
    .addCommand(storeCommand())
    .addCommand(pinCommand())
    .addCommand(releaseCommand())
    .addCommand(tokenCommand())
    .addCommand(auditCommand())
    .addCommand(certCommand())
    .addCommand(keyCommand())
    .addCommand(forgeCommand())
    .addCommand(notificationCommand())
    .addCommand(doctorCommand())
    .addCommand(provenanceCommand())
    .addCommand(healthyCommand())
    .addCommand(migrateCommand())
    .addCommand(completionCommand())
    .addCommand(completeCommand(gambesonProgram), { hidden: true });
  for (const command of withCommandsBelow(program)) {
    command.exitOverride().showHelpAfterError('(--help tells the options)');
    const more = examplesText(wordsOf(command));
    if (more !== null) command.addHelpText('after', more);
  }
  return program;
}

/** Its words after `gambeson`. */
export function wordsOf(command: Command): string {
  const names: string[] = [];
  for (let one = command; one.parent !== null; one = one.parent) names.unshift(one.name());
  return names.join(' ');
}

/** The command itself and every one below it. */
export function withCommandsBelow(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withCommandsBelow)];
}
