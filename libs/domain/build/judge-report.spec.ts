import { describe, expect, it } from '@jest/globals';
import { judgeOutputs, type OutputFacts, type ReportedPath } from './judge-report.js';

const out: ReportedPath = {
  name: 'out',
  path: 'aaa-x',
  narHash: 'sha256:1',
  narSize: 1,
  references: [],
};
const facts: OutputFacts = {
  expected: [{ name: 'out', path: 'aaa-x' }],
  uploaded: new Map([['aaa-x', 'sha256:1']]),
  offered: new Map(),
};

describe('the outputs of a report', () => {
  it.each<[string, ReportedPath[], Partial<OutputFacts>, RegExp]>([
    ['lack one of the derivation', [], {}, /lacks the output out/],
    ['stand at another path', [{ ...out, path: 'bbb-x' }], {}, /instead of aaa-x/],
    ['are more than the derivation has', [out, { ...out, name: 'doc' }], {}, /does not exist/],
    ['name one twice', [out, out], {}, /twice/],
    ['were never uploaded', [out], { uploaded: new Map() }, /not uploaded/],
    ['arrived as other bytes', [{ ...out, narHash: 'sha256:2' }], {}, /arrived as sha256:1/],
    [
      'refer to what is not offered',
      [{ ...out, references: ['ccc-y'] }],
      {},
      /ccc-y, which is not offered/,
    ],
  ])('are the fault of the farm when they %s', (...[, reported, more, message]) => {
    const outcome = judgeOutputs(reported, { ...facts, ...more });
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'upload-failed' });
    expect((outcome as { message: string }).message).toMatch(message);
  });

  it('may refer to themselves, to one another and to what is offered', () => {
    const doc = {
      ...out,
      name: 'doc',
      path: 'ddd-x-doc',
      references: ['aaa-x', 'ddd-x-doc', 'eee-z'],
    };
    const outcome = judgeOutputs([out, doc], {
      expected: [...facts.expected, { name: 'doc', path: null }],
      uploaded: new Map([...facts.uploaded, ['ddd-x-doc', 'sha256:1']]),
      offered: new Map([['eee-z', 'sha256:9']]),
    });
    expect(outcome).toEqual({ kind: 'succeeded' });
  });

  it('may refer to what their store leaves to an upstream', () => {
    const reported = [{ ...out, references: ['ccc-y'] }];
    const relied = new Set(['ccc-y']);
    expect(judgeOutputs(reported, { ...facts, relied })).toEqual({ kind: 'succeeded' });
  });

  it('that are offered already need no upload, and a difference is noted', () => {
    const offered = new Map([['aaa-x', 'sha256:1']]);
    expect(judgeOutputs([out], { ...facts, uploaded: new Map(), offered })).toEqual({
      kind: 'succeeded',
    });
    const outcome = judgeOutputs([{ ...out, narHash: 'sha256:2' }], { ...facts, offered });
    expect(outcome).toMatchObject({
      kind: 'succeeded',
      note: expect.stringMatching(/Not reproducible/),
    });
  });

  it('are not put beside different bytes of another attempt', () => {
    const doc = { ...out, name: 'doc', path: 'ddd-x-doc', references: [] };
    const outcome = judgeOutputs([{ ...out, narHash: 'sha256:2' }, doc], {
      expected: [...facts.expected, { name: 'doc', path: 'ddd-x-doc' }],
      uploaded: new Map([
        ['aaa-x', 'sha256:2'],
        ['ddd-x-doc', doc.narHash],
      ]),
      offered: new Map([
        ['aaa-x', 'sha256:1'],
        ['eee-z', 'sha256:9'],
      ]),
    });
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'nondeterministic' });
  });
});
