import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { BuildLog } from './build-log.js';
import { PhaseReader } from './phase-reader.js';

const store = '/gnu/store';
const dep = `${store}/rx3zxsg648wfhxy052vrj4j287h250ca-dep-1.0.drv`;
const top = `${store}/b9f1ypg2w7zsxn0ib4s5y4qj86slzmxy-top-1.0.drv`;
const failing = `${store}/d8vpkkpl085agmiwk2kxgkr14dqinknx-demo-fail-1.0.drv`;

function recorded(name: string): Buffer {
  return readFileSync(`test/fixtures/guix-build/${name}`);
}

function read(log: BuildLog, bytes: Buffer, piece = bytes.length): [number, string] {
  let started = 0;
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += piece) {
    for (const event of log.take(bytes.subarray(at, at + piece))) {
      if (event.kind === 'started') started++;
      else pieces.push(event.bytes);
    }
  }
  return [started, Buffer.concat(pieces).toString('utf8')];
}

describe('the log of one derivation', () => {
  it.each([1, 9, 4096])('is apart from that of its input, in pieces of %d bytes', (piece) => {
    const bytes = recorded('build-trace.stderr');
    expect(read(new BuildLog(dep), bytes, piece)).toEqual([1, 'building dep\n']);
    const log = new BuildLog(top);
    expect(read(log, bytes, piece)).toEqual([1, 'building top\n']);
    expect(log.foreign).toBe(dep);
  });

  it('of two builders at once holds what its own said', () => {
    const text = [
      `@ build-started ${dep} - x86_64-linux /log 1\n`,
      `@ build-started ${top} - x86_64-linux /log 2\n`,
      '@ build-log 2 4\ntop\n@ build-log 1 4\ndep\n',
      '@ build-log 2 3\nendsome words\n@ build-log 9 1\n?',
    ].join('');
    expect(read(new BuildLog(top), Buffer.from(text), 3)).toEqual([1, 'top\nend']);
  });

  it('is understood of a daemon that tells no process', () => {
    const text = `@ build-started ${top} - x86_64-linux /log\n@ build-log 5 4\ntop\n`;
    expect(read(new BuildLog(top), Buffer.from(text))).toEqual([1, 'top\n']);
  });

  it('is read from the words of guix build, where there is no trace', () => {
    const log = new BuildLog(failing);
    expect(read(log, recorded('guix-build-failed.stderr'), 7)).toEqual([1, 'failing\n']);
    expect(log.words).toContain('failed with exit code 9');
  });

  it('does not take for words what a builder prints', () => {
    const said = `@ build-failed ${top} - 1 No space left on device\n`;
    const started = `@ build-started ${top} - x86_64-linux /log 1\n`;
    const text = `${started}@ build-log 1 ${said.length}\n${said}`;
    const log = new BuildLog(top);
    expect(read(log, Buffer.from(text))).toEqual([1, said]);
    expect([log.failure, log.words]).toEqual([null, '']);
  });
});

describe('the phases of a build', () => {
  const phaseAfter = (text: string, piece: number): string | null => {
    const reader = new PhaseReader();
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += piece) reader.take(bytes.subarray(at, at + piece));
    return reader.current;
  };
  const unpacked = "starting phase `unpack'\nx\nphase `unpack' succeeded after 0.1 seconds\n";

  it.each([1, 6, 1000])('are followed, in pieces of %d bytes', (piece) => {
    expect(phaseAfter(unpacked, piece)).toBeNull();
    expect(phaseAfter(`${unpacked}starting phase \`check'\n${'.'.repeat(5000)}\n`, piece)).toBe(
      'check',
    );
    expect(phaseAfter(`${unpacked}echo starting phase \`check'\n`, piece)).toBeNull();
  });
});
