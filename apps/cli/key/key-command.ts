/** `gambeson key …`: makes, takes over, lists and shows the keys that the substituter uses. */
import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { Command } from 'commander';
import { sentenceOf } from '#std/farm-fault.js';
import { keyPlace, refused } from './key-place.js';
import {
  generateKey,
  importKey,
  listKeys,
  publicKeys,
  useKey,
  type KeyAddress,
  type ListedKey,
} from './key-work.js';

interface Place {
  readonly store: string;
  readonly directory?: string;
}

/** Where what is said goes; standard output takes only what a file may be made of. */
export interface Voice {
  readonly tell: (text: string) => void;
  readonly remark: (sentence: string) => void;
}

const standardVoice: Voice = {
  tell: (text) => process.stdout.write(text),
  remark: (sentence) => process.stderr.write(`${sentence}\n`),
};

const examples = `
Examples:
  gambeson key generate --store nix --name farm.example.org-1 > farm.pub
  gambeson key generate --store guix --name farm.example.org-1
  gambeson key import /etc/guix/signing-key.sec --store guix
  gambeson key import /var/keys/cache-priv-key.pem --store nix
  gambeson key list
  gambeson key public --store guix | guix archive --authorize

To rotate, generate a second key: a store of Nix signs with both until the file of the first
is removed. A store of Guix signs with the newest, or with the one that "key use" names.
The substituter sees a change within two seconds. Run the commands on its machine.`;

export function keyCommand(voice: Voice = standardVoice): Command {
  return new Command('key')
    .description('the keys that the substituter signs with')
    .addHelpText('after', examples)
    .addCommand(generateCommand(voice))
    .addCommand(importCommand(voice))
    .addCommand(listCommand(voice))
    .addCommand(publicCommand(voice))
    .addCommand(useCommand(voice));
}

function subcommand(name: string, description: string, example: string): Command {
  return new Command(name)
    .description(description)
    .option('--directory <dir>', 'else GAMBESON_SIGNING_KEYS, else signing-keys in the secrets')
    .addHelpText('after', `\nExample:\n  ${example}`);
}

const storeOption = [
  '--store <slug>',
  'the store that signs with it, such as nix or guix',
] as const;
const dialectOption = ['--dialect <nix|guix>', 'what a store of your own speaks'] as const;

function at({ store, directory }: Place): KeyAddress {
  return { ...keyPlace(directory, process.env), slug: store };
}

function generateCommand(voice: Voice): Command {
  const example = 'gambeson key generate --store nix --name farm.example.org-1 > farm.pub';
  return subcommand('generate', 'make a new key; its public half is printed', example)
    .requiredOption(...storeOption)
    .requiredOption('--name <name>', 'a host and a number by custom, farm.example.org-1')
    .option(...dialectOption)
    .action((options: Place & { name: string; dialect?: string }) => {
      const made = generateKey(at(options), options.name, options.dialect);
      voice.remark(`wrote ${made.path}`);
      voice.tell(made.publicKey);
    });
}

function importCommand(voice: Voice): Command {
  const example = 'gambeson key import /etc/guix/signing-key.sec --store guix';
  return subcommand('import', 'take over a key that clients trust already', example)
    .argument('<file>', 'a secret key of Nix or of Guix; - reads standard input')
    .requiredOption(...storeOption)
    .option('--name <name>', 'what to call a key of Guix (imported-1)')
    .option(...dialectOption)
    .action(async (file: string, options: Place & { name?: string; dialect?: string }) => {
      const read = { from: file === '-' ? 'standard input' : file, text: await textFrom(file) };
      const { name, dialect } = options;
      const taken = importKey(at(options), read, { name, dialect });
      voice.remark(`wrote ${taken.path}`);
      voice.tell(taken.publicKey);
    });
}

function listCommand(voice: Voice): Command {
  return subcommand('list', 'the keys of all stores, and which of them sign', 'gambeson key list')
    .option('--store <slug>', 'of this store alone')
    .option('--json', 'for programs')
    .action((options: { store?: string; directory?: string; json?: boolean }) => {
      const place = keyPlace(options.directory, process.env);
      const keys = listKeys(place, options.store);
      if (options.json) voice.tell(`${JSON.stringify(keys, null, 2)}\n`);
      else if (keys.length > 0) voice.tell(keys.map(line).join(''));
      else voice.remark(`no keys in ${place.directory}; the substituter makes those that it needs`);
    });
}

function line(key: ListedKey): string {
  const state = key.fault !== null ? 'unusable' : key.signs ? 'signs' : 'rests';
  const told = key.fault ?? key.publicKey.replace(/\s+/g, ' ');
  return `${key.store}  ${key.name}  ${key.dialect}  ${state}  ${told}\n`;
}

function publicCommand(voice: Voice): Command {
  const example = 'gambeson key public --store guix | guix archive --authorize';
  return subcommand('public', 'print what clients trust', example)
    .requiredOption(...storeOption)
    .option('--name <name>', 'of this key; else of those that sign')
    .action((options: Place & { name?: string }) => {
      voice.tell(publicKeys(at(options), options.name));
    });
}

function useCommand(voice: Voice): Command {
  const example = 'gambeson key use farm.example.org-2 --store guix';
  return subcommand('use', 'let a key sign: for Guix alone, for Nix first', example)
    .argument('<name>', 'as key list tells it')
    .requiredOption(...storeOption)
    .action((name: string, options: Place) => {
      useKey(at(options), name);
      voice.remark(`the store ${options.store} signs with ${name}`);
    });
}

async function textFrom(file: string): Promise<string> {
  try {
    return file === '-' ? await textOf(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    throw refused(`cannot read ${file}: ${sentenceOf(error)}`);
  }
}
