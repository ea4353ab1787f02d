/**
 * Many small GETs of one server: over some connections, several on each before its answers come.
 * What a closed connection left unanswered is asked again on another; a server that closes after
 * each answer is asked so, too.
 */
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AnswerParser, type Answer } from './answer-parser.js';

export type Told = Answer | Error;

export interface LaneOptions {
  readonly connections: number;
  /** Questions on one connection before their answers. */
  readonly depth: number;
  /** Milliseconds that an answer may take. */
  readonly timeout: number;
}

interface Question {
  readonly at: number;
  readonly path: string;
  tries: number;
}

const headers = 'User-Agent: Gambeson\r\nAccept: */*\r\n\r\n';
const triesAtMost = 3;
/** Faults in a row, of all lanes, after which nothing more is asked. */
const faultsAtMost = 3;

/** Answers in the order of the paths, which are absolute (`/HASH.narinfo`). Never rejects. */
export function askAll(
  server: URL,
  paths: readonly string[],
  options: LaneOptions & { readonly deadline: number },
): Promise<Told[]> {
  return new Asking(server, paths, options).run();
}

class Asking {
  private readonly waiting: Question[];
  private readonly told: Told[];
  private readonly lanes = new Set<Lane>();
  private readonly startedAt = performance.now();
  private faults = 0;
  private left: number;
  private done: () => void = () => undefined;

  constructor(
    readonly server: URL,
    paths: readonly string[],
    readonly options: LaneOptions & { readonly deadline: number },
  ) {
    // Taken from the end.
    this.waiting = paths.map((path, at) => ({ at, path, tries: 0 })).reverse();
    this.told = new Array<Told>(paths.length);
    this.left = paths.length;
  }

  async run(): Promise<Told[]> {
    if (this.left === 0) return [];
    const patience = this.options.deadline - this.startedAt;
    const timer = setTimeout(() => this.giveUp('it answers too slowly'), Math.max(0, patience));
    await new Promise<void>((resolve) => {
      this.done = resolve;
      const { connections, depth } = this.options;
      const lanes = Math.min(connections, Math.ceil(this.left / Math.min(depth, 4)));
      for (let lane = 0; lane < lanes; lane += 1) this.open();
    });
    clearTimeout(timer);
    for (const lane of this.lanes) lane.close();
    return this.told;
  }

  next(): Question | undefined {
    return this.waiting.pop();
  }

  answered(question: Question, answer: Answer): void {
    this.faults = 0;
    this.settle(question, answer);
  }

  /** `fault` is null when the server closed in good order. */
  closed(lane: Lane, unanswered: readonly Question[], fault: string | null): void {
    this.lanes.delete(lane);
    if (this.left === 0) return;
    if (fault !== null) this.faults += 1;
    for (const question of unanswered.toReversed()) {
      question.tries += fault === null ? 0 : 1;
      if (question.tries >= triesAtMost) this.settle(question, new Error(fault ?? 'closed'));
      else this.waiting.push(question);
    }
    if (fault !== null && this.faults >= faultsAtMost) this.giveUp(fault);
    else if (this.waiting.length > 0) this.open();
  }

  private open(): void {
    if (this.left > 0) this.lanes.add(new Lane(this));
  }

  private settle(question: Question, told: Told): void {
    if (this.told[question.at] !== undefined) return;
    this.told[question.at] = told;
    this.left -= 1;
    if (this.left === 0) this.done();
  }

  private giveUp(why: string): void {
    const error = new Error(why);
    for (let at = 0; at < this.told.length; at += 1) this.told[at] ??= error;
    this.left = 0;
    this.done();
  }
}

class Lane {
  private readonly parser = new AnswerParser();
  private readonly asked: Question[] = [];
  private readonly socket: Socket;
  private isOver = false;
  private answers = 0;

  constructor(private readonly asking: Asking) {
    this.socket = connect(asking.server);
    this.socket.setNoDelay(true);
    this.socket.setTimeout(asking.options.timeout, () => this.end('it does not answer in time'));
    this.socket.once(asking.server.protocol === 'https:' ? 'secureConnect' : 'connect', () =>
      this.ask(),
    );
    this.socket.on('data', (bytes: Buffer) => this.take(bytes));
    this.socket.once('error', (error) =>
      this.end(error.message || String((error as { code?: string }).code)),
    );
    this.socket.once('close', () => this.finish());
  }

  close(): void {
    this.isOver = true;
    this.socket.destroy();
  }

  private ask(): void {
    // The first question goes alone: a server may close after each.
    const depth = this.answers === 0 ? 1 : this.asking.options.depth;
    let text = '';
    while (this.asked.length < depth) {
      const question = this.asking.next();
      if (!question) break;
      this.asked.push(question);
      text += `GET ${question.path} HTTP/1.1\r\nHost: ${this.asking.server.host}\r\n${headers}`;
    }
    if (text !== '') this.socket.write(text, 'latin1');
    else if (this.asked.length === 0) this.end(null);
  }

  private take(bytes: Buffer): void {
    const read = this.parser.push(bytes);
    if (!read.ok) return this.end(read.error);
    for (const answer of read.value) {
      const question = this.asked.shift();
      if (!question) return this.end('it answers what was not asked');
      this.answers += 1;
      this.asking.answered(question, answer);
      if (answer.last) return this.end(null);
    }
    // Refilled by halves, so that questions travel together.
    const { depth } = this.asking.options;
    if (read.value.length > 0 && !this.isOver && this.asked.length <= depth / 2) this.ask();
  }

  private finish(): void {
    if (this.isOver) return;
    const rest = this.parser.end();
    const question = rest && this.asked.shift();
    if (rest && question) this.asking.answered(question, rest);
    // A server may close whenever it has answered something: what it left is asked elsewhere.
    this.end(this.answers > 0 || rest ? null : 'it closed the connection');
  }

  private end(fault: string | null): void {
    if (this.isOver) return;
    this.isOver = true;
    this.socket.destroy();
    this.asking.closed(this, this.asked.splice(0), fault);
  }
}

function connect(server: URL): Socket {
  const secure = server.protocol === 'https:';
  const port = Number(server.port || (secure ? 443 : 80));
  const host = server.hostname.replace(/^\[|\]$/g, '');
  if (!secure) return connectPlain({ host, port });
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, ...name, ALPNProtocols: ['http/1.1'] });
}
