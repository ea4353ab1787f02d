/**
 * What README.md and docs/ name is there: links, commands with their options, scripts and settings.
 * The sessions of docs/cli.md are run elsewhere (test/clients/cli-sessions.spec.ts).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { gambesonProgram } from '../apps/cli/program.js';

const pages = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].map((path) => ({ path, text: readFileSync(path, 'utf8') }));

function faults(look: (text: string, path: string) => readonly string[]): string[] {
  return pages.flatMap(({ path, text }) => look(text, path).map((fault) => `${path}: ${fault}`));
}

function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found]) => found!);
}

/** Lines of code blocks, those that go on in the next joined, and code within sentences. */
function codeOf(text: string): string[] {
  const blocks = all(text, /```[a-z]*\n([^]*?)```/g).concat(all(text, /((?:^ {4}.*\n)+)/gm));
  const prose = text.replaceAll(/```[^]*?```/g, '');
  return [
    ...blocks.flatMap((block) => block.replaceAll(/\\\n\s*/g, '').split('\n')),
    ...all(prose, /`([^`]+)`/g),
  ].map((line) => line.trim());
}

/** What is wrong with `gambeson …` as it is written; placeholders and values are left alone. */
function commandFault(line: string): string[] {
  const words = line.replace(/^(\$ |source <\()?gambeson\s*/, '').split(/[\s()]+/);
  let command: Command = gambesonProgram();
  for (const word of words) {
    const below = command.commands.find((one) => one.name() === word);
    if (!below) break;
    command = below;
  }
  const named = command.parent === null ? words[0] : undefined;
  if (named !== undefined && /^[a-z]+$/.test(named)) return [`there is no gambeson ${named}`];
  const known = new Set(command.options.flatMap(({ long, short }) => [long, short]));
  return words
    .filter((word) => /^--[a-z]/.test(word))
    .map((word) => word.replace(/[=\]].*$/, ''))
    .filter((option) => option !== '--help' && option !== '--version' && !known.has(option))
    .map((option) => `${line}: there is no ${option}`);
}

describe('what the docs name', () => {
  it('are pages and files that are there', () => {
    const missing = faults((text, path) =>
      all(text, /\]\(([^)#\s]+)/g)
        .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(dirname(path), link)))
        .map((link) => `${link} is not there`),
    );
    expect(missing).toEqual([]);
  });

  it('are all pages: each is in the README', () => {
    const { text } = pages[0]!;
    const names = readdirSync('docs').filter((name) => name.endsWith('.md'));
    expect(names.filter((name) => !text.includes(`(docs/${name})`))).toEqual([]);
  });

  it('are commands that there are, with options that they take', () => {
    const wrong = faults((text) =>
      codeOf(text)
        .filter((line) => /^(\$ |source <\()?gambeson( |$)/.test(line))
        .flatMap((line) => commandFault(line.replace(/\s+#.*|[|>;&].*$/, ''))),
    );
    expect(wrong).toEqual([]);
  });

  it('are scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    const wrong = faults((text) => [
      ...all(text, /\bnpm run (?:--silent )?([a-z:]+)/g).filter((name) => !scripts[name]),
      ...all(text, /\bnpm (start|test)\b/g).filter((name) => !scripts[name]),
      ...all(text, /\bnode ((?:tools|test)\/[\w./-]+)/g).filter((file) => !existsSync(file)),
    ]);
    expect(wrong).toEqual([]);
  });

  it('are settings that something reads', () => {
    const sources = ['apps', 'libs', 'bench', 'test', 'tools', 'deploy', 'package.json'].flatMap(
      (room) =>
        room.endsWith('.json')
          ? [readFileSync(room, 'utf8')]
          : readdirSync(room, { recursive: true, encoding: 'utf8' })
              .filter((name) => /\.(ts|tsx|mjs|sh|yml|conf)$/.test(name))
              .map((name) => readFileSync(join(room, name), 'utf8')),
    );
    const read = new Set(sources.flatMap((text) => text.match(/GAMBESON_[A-Z0-9_]+/g) ?? []));
    const options = readFileSync('apps/worker/options.ts', 'utf8');
    const ofWorkers = (name: string): boolean =>
      name.startsWith('GAMBESON_WORKER_') && options.includes(`'${name.slice(16)}'`);
    const wrong = faults((text) =>
      all(text, /\b(GAMBESON_[A-Z0-9_]*[A-Z0-9])\b(?!…)/g).filter(
        (name) => !read.has(name) && !ofWorkers(name),
      ),
    );
    expect(wrong).toEqual([]);
  });
});
