/**
 * Counts what the substituter answers, for its measures. Narinfos go out tens of thousands of times
 * a second: of those no more is looked at than the digits of the status.
 */
import type { ServerResponse } from 'node:http';
import { Totals, type Family } from '#nest/exposition.js';
import type { NarinfoRoute } from './narinfo-route.js';
import { narinfoEnd, type Target } from './target.js';

type Answers = Pick<NarinfoRoute, 'answer'>;

const zero = 0x30;
const kinds: Readonly<Partial<Record<Target['kind'], string>>> = {
  ...{ narinfo: 'narinfo', 'cache-info': 'cache-info' },
  ...{ nar: 'nar', 'path-nar': 'nar', 'pushed-nar': 'nar', log: 'log', 'output-log': 'log' },
};

export class Served {
  private readonly answers = new Totals(['kind', 'code']);
  /** Of whole answers to plain requests, by status, until somebody asks. */
  private readonly narinfos = new Map<number, number>();
  private readonly infos = new Map<number, number>();
  private narBytes = 0;

  /** The same answers, counted. */
  counted(route: Answers): Answers {
    return {
      answer: (head) => {
        const counts = head.target.endsWith(narinfoEnd) ? this.narinfos : this.infos;
        const answer = route.answer(head);
        if (answer === null) return null;
        if (Buffer.isBuffer(answer)) return noted(answer, counts);
        return answer.then((bytes) => noted(bytes, counts));
      },
    };
  }

  /** Counts an answer of Node's own HTTP when it has ended, whole or not. */
  watch(target: Target, response: ServerResponse): void {
    const { socket, req } = response;
    const before = socket?.bytesWritten ?? 0;
    const reads = req.method === 'GET' || req.method === 'HEAD';
    const kind = reads ? (kinds[target.kind] ?? 'other') : 'push';
    response.once('close', () => {
      this.answers.add([kind, String(response.statusCode)]);
      if (kind === 'nar') this.narBytes += Math.max(0, (socket?.bytesWritten ?? 0) - before);
    });
  }

  families(): Family[] {
    this.fold('narinfo', this.narinfos);
    this.fold('cache-info', this.infos);
    return [
      {
        ...{ name: 'substitute_requests_total', help: 'Answers of the substituter' },
        ...{ type: 'counter', samples: this.answers.samples() },
      },
      {
        ...{ name: 'substitute_nar_bytes_total', help: 'Bytes that were sent for nars' },
        ...{ type: 'counter', samples: [{ value: this.narBytes }] },
      },
    ];
  }

  private fold(kind: string, counts: Map<number, number>): void {
    for (const [code, count] of counts) this.answers.add([kind, String(code)], count);
    counts.clear();
  }
}

function noted(answer: Buffer, counts: Map<number, number>): Buffer {
  const code = (answer[9]! - zero) * 100 + (answer[10]! - zero) * 10 + (answer[11]! - zero);
  counts.set(code, (counts.get(code) ?? 0) + 1);
  return answer;
}
