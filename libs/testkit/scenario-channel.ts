/** A real git repository of recipes for the `local` backend, as a channel of a scenario. */
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Recipe {
  readonly name: string;
  readonly script: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly system?: string;
  readonly requiredFeatures?: readonly string[];
  readonly timeoutSeconds?: number;
  readonly maxSilentSeconds?: number;
}

export class ScenarioChannel {
  private constructor(readonly directory: string) {}

  static async create(directory: string): Promise<ScenarioChannel> {
    await mkdir(directory, { recursive: true });
    const channel = new ScenarioChannel(directory);
    await channel.git('init', '--quiet', '--initial-branch=main');
    await channel.git('config', 'user.name', 'A packager');
    await channel.git('config', 'user.email', 'packager@example.org');
    return channel;
  }

  get url(): string {
    return `file://${this.directory}`;
  }

  /** Commits these recipes in place of the former ones; answers the revision. */
  async commitRecipes(recipes: readonly Recipe[]): Promise<string> {
    return this.commitFiles({ 'farm.json': JSON.stringify({ recipes }, null, 2) });
  }

  async commitFiles(files: Readonly<Record<string, string>>): Promise<string> {
    for (const [name, contents] of Object.entries(files)) {
      const path = join(this.directory, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, contents);
    }
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '--message', 'Change the packages');
    return this.revision();
  }

  revision(): Promise<string> {
    return this.git('rev-parse', 'HEAD');
  }

  /** Moves the branch back (or anywhere), as a forced push would. */
  async goTo(revision: string): Promise<void> {
    await this.git('reset', '--quiet', '--hard', revision);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  async git(...parameters: string[]): Promise<string> {
    const { stdout } = await run('git', ['-C', this.directory, ...parameters]);
    return stdout.trim();
  }
}
