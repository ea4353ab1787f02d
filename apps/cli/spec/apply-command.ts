/** `gambeson spec apply`: makes the farm's specifications those of files, and shows how. */
import { Command } from 'commander';
import { FarmFault } from '#std/farm-fault.js';
import {
  type FileFault,
  faultLine,
  readSpecificationFiles,
} from '#adapters/specification-files/specification-file.js';
import { type ApplyStep, planApply } from '#domain/specification/apply-plan.js';
import { withoutPasswords } from '#domain/specification/password.js';
import type { SpecificationAnswer } from '#protocol/api/specification.js';
import type { SpecificationInput } from '#protocol/specification.js';
import { exitCodes } from '../exit-codes.js';
import { ofFarm, openFarmApi, type FarmOptions } from '../farm-options.js';
import { lookOf } from '../tell/look.js';
import { planWords } from './plan-words.js';
import { keeperFor, readPlace } from './read-place.js';
import { SpecificationsOfFarm } from './specifications-of-farm.js';

interface ApplyOptions extends FarmOptions {
  readonly prune: boolean;
  readonly dryRun: boolean;
  readonly adopt: boolean;
  readonly as?: string;
}

export function applyCommand(): Command {
  return ofFarm(new Command('apply'))
    .description('make, change and (with --prune) archive specifications as files say')
    .argument('<place>', 'a file, or a directory of files')
    .option('--prune', 'archive what this place kept and names no more', false)
    .option('--dry-run', 'only show what would be done', false)
    .option('--adopt', 'take over what another file or repository keeps', false)
    .option('--as <name>', 'under which name the place keeps them; else its own')
    .action(async (place: string, options: ApplyOptions) => {
      const managedBy = keeperFor(place, options.as);
      const { specifications, faults } = readSpecificationFiles(await readPlace(place));
      if (faults.length > 0) {
        tellFaults(faults, options);
        return;
      }
      await apply({ wanted: specifications, managedBy, options });
    });
}

/** Nothing is applied. */
function tellFaults(faults: readonly FileFault[], { json }: ApplyOptions): void {
  const answer = { applied: false, faults, steps: [] };
  if (json) process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  else process.stderr.write(faults.map((fault) => `${faultLine(fault)}\n`).join(''));
  process.exitCode = exitCodes.usage;
}

interface Wish {
  readonly wanted: readonly SpecificationInput[];
  readonly managedBy: string;
  readonly options: ApplyOptions;
}

async function apply({ wanted, managedBy, options }: Wish): Promise<void> {
  const { prune, adopt, dryRun, json } = options;
  const farm = new SpecificationsOfFarm((await openFarmApi(options)).client);
  const standing = await farm.list();
  const steps = planApply({
    standing: standing.map(({ specification, managedBy: keeper }) => {
      return { specification, managedBy: keeper };
    }),
    // What stands is told without its passwords.
    wanted: wanted.map((one) => withoutPasswords(one)),
    ...{ managedBy, prune, adopt },
  });
  const refused = steps.some(({ action }) => action === 'refuse');
  if (!json) process.stdout.write(planWords(steps, lookOf(process.stdout, process.env).colour));
  const written = new Writing({ farm, standing, wanted, managedBy, force: adopt });
  if (refused) process.exitCode = exitCodes.conflict;
  else if (!dryRun) await written.carryOut(steps);
  const applied = !refused && !dryRun;
  if (json) {
    const told = steps.map(({ ...step }) => ({ ...step, wanted: undefined }));
    const answer = { applied, managedBy, faults: [], steps: told };
    process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  } else {
    process.stdout.write(closing(steps, { refused, dryRun }));
  }
}

interface WritingParts {
  readonly farm: SpecificationsOfFarm;
  readonly standing: readonly SpecificationAnswer[];
  readonly wanted: readonly SpecificationInput[];
  readonly managedBy: string;
  readonly force: boolean;
}

class Writing {
  constructor(private readonly parts: WritingParts) {}

  /** One after the other; each only if it is still as it was when the plan was made. */
  async carryOut(steps: readonly ApplyStep[]): Promise<void> {
    const { farm, managedBy, force } = this.parts;
    for (const { action, name } of steps) {
      if (action === 'archive') await farm.archive(name, { managedBy, force });
      else if (action !== 'keep' || this.holdsPassword(name)) await this.put(name);
    }
  }

  private async put(name: string): Promise<void> {
    const { farm, managedBy, force, standing } = this.parts;
    const version = standing.find((one) => one.name === name)?.version;
    await farm.put(this.wanted(name), { version, managedBy, force });
  }

  /** Whether it is another than the one that stands only the farm can tell. */
  private holdsPassword(name: string): boolean {
    const wanted = this.wanted(name);
    const hidden = withoutPasswords(wanted);
    return hidden.channels.some(({ url }, index) => url !== wanted.channels[index]?.url);
  }

  private wanted(name: string): SpecificationInput {
    const wanted = this.parts.wanted.find((one) => one.name === name);
    if (wanted) return wanted;
    throw new FarmFault('misconfigured', `${name} is in no file`, 'never');
  }
}

function closing(
  steps: readonly ApplyStep[],
  { refused, dryRun }: { readonly refused: boolean; readonly dryRun: boolean },
): string {
  if (refused) return 'Nothing was applied.\n';
  if (steps.every(({ action }) => action === 'keep')) return 'No difference.\n';
  return dryRun ? 'This was a dry run: nothing was applied.\n' : 'Applied.\n';
}
