/** `gambeson provenance FILE`: from the bytes of a bundle alone, what it was made of. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { readProfileManifest } from '#formats/profile-manifest.js';
import { printChannels } from '#domain/evaluation/channels-scm.js';
import { printManifest, provenanceOf, type Provenance } from '#domain/provenance/provenance.js';
import { exitCodes } from '../exit-codes.js';
import { findManifest } from './find-manifest.js';

/** Where what is said goes; standard output takes only what a file may be made of. */
export interface Voice {
  readonly tell: (text: string) => void;
  readonly remark: (sentence: string) => void;
}

const standardVoice: Voice = {
  tell: (text) => process.stdout.write(text),
  remark: (sentence) => process.stderr.write(`${sentence}\n`),
};

interface Wish {
  readonly channels?: boolean;
  readonly manifest?: boolean;
  readonly json?: boolean;
  readonly output?: string;
}

const examples = `
Examples:
  gambeson provenance emacs-docker-image.tar.gz
  gambeson provenance --output again/ pack.squashfs
  guix time-machine -C again/channels.scm -- pack -m again/manifest.scm

A bundle tells its channels when it was made with "guix pack --save-provenance", as the selection
"packs" of a specification does. Nothing of it is unpacked, run or asked for elsewhere.`;

export function provenanceCommand(voice: Voice = standardVoice): Command {
  return new Command('provenance')
    .description('tell the channels and the manifest that a bundle was made of')
    .argument('<file>', 'a tarball, a docker image or a squashfs image')
    .option('--channels', 'print the channels alone')
    .option('--manifest', 'print the manifest alone')
    .option('--json', 'for programs')
    .option('--output <dir>', 'write channels.scm and manifest.scm there')
    .addHelpText('after', examples)
    .action((file: string, wish: Wish) => tell(voice, file, wish));
}

async function tell(voice: Voice, file: string, wish: Wish): Promise<void> {
  const found = await findManifest(file);
  if (found === null) throw new Error(`${file} holds no profile of Guix`);
  const read = readProfileManifest(found.text);
  if (!read.ok) throw new Error(`${found.path} in ${file}: ${read.error}`);
  const provenance = provenanceOf(read.value);
  const unknown = provenance.channels.length === 0;
  if (unknown) voice.remark(`${file} was made without saved provenance`);
  for (const sentence of provenance.doubts) voice.remark(sentence);
  if (wish.output !== undefined) await write(wish.output, provenance);
  else voice.tell(printed(provenance, wish));
  if (unknown) process.exitCode = exitCodes.unwell;
}

async function write(directory: string, provenance: Provenance): Promise<void> {
  await mkdir(directory, { recursive: true });
  const { channels } = provenance;
  const path = (name: string): string => join(directory, name);
  await writeFile(path('manifest.scm'), printManifest(provenance));
  if (channels.length > 0) await writeFile(path('channels.scm'), printChannels(channels));
}

function printed(provenance: Provenance, wish: Wish): string {
  const { channels, entries } = provenance;
  if (wish.json) return `${JSON.stringify({ channels, packages: entries }, null, 2)}\n`;
  if (wish.manifest) return printManifest(provenance);
  if (wish.channels) return channels.length === 0 ? '' : printChannels(channels);
  const head = channels.length === 0 ? '' : `;; channels.scm\n${printChannels(channels)}\n`;
  return `${head};; manifest.scm\n${printManifest(provenance)}`;
}
