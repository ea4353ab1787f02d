/** Commands that ask a running farm once and print its answer, in words or as JSON. */
import type { Command } from 'commander';
import type { Call } from './farm-api.js';
import { openFarmApi, withFarmOptions, type FarmOptions as Reached } from './farm-options.js';

export interface FarmOptions extends Reached {
  readonly json: boolean;
}

export function ofFarm(command: Command): Command {
  return withFarmOptions(command).option('--json', 'what the farm answers, as JSON', false);
}

/** The token is read when the farm is first asked. */
export class FarmConnection {
  constructor(private readonly options: FarmOptions) {}

  async call<T>(call: Call<T>): Promise<T> {
    return (await openFarmApi(this.options)).call(call);
  }
}
