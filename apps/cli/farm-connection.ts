/** Commands that ask a running farm once and print its answer, in words or as JSON. */
import type { Command } from 'commander';
import type { Call } from './farm-api.js';
import {
  openFarmApi,
  reachFarm,
  withFarmOptions,
  type FarmOptions as Reached,
} from './farm-options.js';

export interface FarmOptions extends Reached {
  readonly json: boolean;
}

export function ofFarm(command: Command): Command {
  return withFarmOptions(command).option('--json', 'what the farm answers, as JSON', false);
}

/** The token is read when a call needs it. */
export class FarmConnection {
  /** `pasted`: where an address that was an argument says that the farm is. */
  constructor(
    private readonly options: FarmOptions,
    private readonly pasted?: string,
  ) {}

  async call<T>(call: Call<T>): Promise<T> {
    return (await openFarmApi(this.options, this.pasted)).call(call);
  }

  /** Where the farm is, without a slash at its end. */
  async address(): Promise<string> {
    return (await reachFarm(this.options, this.pasted)).base;
  }
}
