import { describe, expect, it } from '@jest/globals';
import { BuildLog, type BuildLogEvent } from './build-log.js';

const drv = '/nix/store/mdbmkg0l4dmjg7n5jkich0yrj70dxihk-ok.drv';
const [red, plain] = ['\u001b[31;1m', '\u001b[0m'];
const start = (id: number, path: string): string =>
  `@nix ${JSON.stringify({ action: 'start', id, type: 105, fields: [path, '', 1, 1] })}\n`;
const line = (id: number, text: string): string =>
  `@nix ${JSON.stringify({ action: 'result', id, type: 101, fields: [text] })}\n`;
const error = (msg: string): string =>
  `@nix ${JSON.stringify({ action: 'msg', level: 0, msg: `${red}error:${plain} ${msg}` })}\n`;

function read(text: string, piece = text.length): [BuildLogEvent[], string] {
  const log = new BuildLog(drv);
  const bytes = Buffer.from(text);
  const events: BuildLogEvent[] = [];
  for (let at = 0; at < bytes.length; at += piece) {
    events.push(...log.take(bytes.subarray(at, at + piece)));
  }
  return [events, log.errors];
}

describe('the log of a build', () => {
  const told =
    start(1, '/nix/store/other.drv') + line(1, 'not ours') + start(2, drv) + line(2, 'übel');

  it.each([1, 7, 1000])('holds the lines of its derivation, in pieces of %d bytes', (piece) => {
    expect(read(told, piece)[0]).toEqual([{ kind: 'started' }, { kind: 'line', text: 'übel' }]);
  });

  it('takes errors only after the builder has ended', () => {
    const stop = `@nix ${JSON.stringify({ action: 'stop', id: 2 })}\n`;
    const text = told + error('No space left on device') + stop + error('builder failed');
    expect(read(text)[1]).toBe('error: builder failed');
  });

  it('makes words of a builder that cannot be executed', () => {
    const frame =
      "\u0005\0\0\0\0\0\0\0Error\0\0\0E\0\0\0\0\0\0\0executing '/bin/nob': No such file\0\0";
    const [events] = read(start(2, drv) + line(2, '\u0001') + line(2, frame));
    expect(events.slice(1)).toEqual([
      { kind: 'line', text: "error: executing '/bin/nob': No such file" },
    ]);
  });

  it('passes over lines that are no JSON', () => {
    expect(read('@nix {\nplain\n@nix 5\n')).toEqual([[], '@nix {\nplain\n@nix 5']);
  });
});
