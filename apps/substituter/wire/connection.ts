/**
 * One connection while all that it asks is plain and answered with bytes that are there: requests
 * are read as they come, also many at a time, and answered in their order. At the first request
 * that is anything else, and once all before it are answered, Node's own HTTP takes the connection.
 */
import type { Socket } from 'node:net';
import { HeadReader, type PlainHead } from './request-head.js';

/** Answers that are looked up at a time; what comes after them is read when they are told. */
const askedAtMost = 1024;
/** Bytes that are given to the socket at once. */
const writtenAtOnce = 1024 * 1024;
/** Milliseconds without a request, and without that a client takes what it asked for. */
const patience = { idle: 75_000, blocked: 600_000 };

export interface WireAnswers {
  /**
   * A whole HTTP answer as it is sent, or a promise of one that never fails; null for what Node's
   * own HTTP shall answer.
   */
  answer(head: PlainHead): Buffer | Promise<Buffer> | null;
}

export interface Keeper {
  /** The connection has no request under way; `rest` was received and not read. */
  handOver(connection: WireConnection, rest: Buffer): void;
  gone(connection: WireConnection): void;
}

interface Slot {
  bytes: Buffer | null;
}

const nothing = Buffer.alloc(0);

export class WireConnection {
  private readonly reader = new HeadReader();
  private held: Buffer = nothing;
  private slots: Slot[] = [];
  private state: 'reading' | 'handing' | 'closing' = 'reading';
  private blocked = false;
  private activeAt = Date.now();
  /** The client says no more, but listens. */
  ended = false;

  constructor(
    readonly socket: Socket,
    private readonly answers: WireAnswers,
    private readonly keeper: Keeper,
  ) {
    socket.on('data', this.onData);
    socket.on('drain', this.onDrain);
    socket.on('end', this.onEnd);
    socket.on('error', this.onError);
    socket.on('close', this.onClose);
  }

  /** Ends the connection if it has had its patience; `now` as Date.now() tells it. */
  judge(now: number): void {
    const idle = now - this.activeAt;
    const limit = this.blocked || this.slots.length > 0 ? patience.blocked : patience.idle;
    if (idle > limit) this.socket.destroy();
  }

  /** What was asked is still answered. */
  finish(): void {
    if (this.state === 'reading') this.state = 'closing';
    if (this.slots.length === 0) this.settle();
  }

  /** Leaves the socket alone from now on. */
  release(): void {
    this.socket.off('data', this.onData);
    this.socket.off('drain', this.onDrain);
    this.socket.off('end', this.onEnd);
    this.socket.off('error', this.onError);
    this.socket.off('close', this.onClose);
  }

  private readonly onData = (bytes: Buffer): void => {
    this.held = this.held.length === 0 ? bytes : Buffer.concat([this.held, bytes]);
    this.work();
  };

  private readonly onDrain = (): void => {
    this.activeAt = Date.now();
    this.blocked = false;
    this.socket.resume();
    this.work();
  };

  private readonly onEnd = (): void => {
    this.ended = true;
    if (this.held.length > 0 && this.state === 'reading') this.state = 'handing';
    this.settle();
  };

  private readonly onError = (): void => {
    this.socket.destroy();
  };

  private readonly onClose = (): void => {
    this.keeper.gone(this);
  };

  private work(): void {
    let at = 0;
    let out: Buffer[] = [];
    let size = 0;
    while (this.state === 'reading' && !this.blocked && at < this.held.length) {
      if (this.slots.length >= askedAtMost) break;
      const reading = this.reader.read(this.held, at);
      if (reading.kind === 'incomplete') break;
      const answer = reading.kind === 'plain' ? this.answers.answer(reading.head) : null;
      if (reading.kind === 'other' || answer === null) {
        this.state = 'handing';
        break;
      }
      at = reading.end;
      if (reading.head.fields.closes) this.state = 'closing';
      if (Buffer.isBuffer(answer) && this.slots.length === 0) {
        out.push(answer);
        size += answer.length;
        if (size < writtenAtOnce) continue;
        this.write(out);
        [out, size] = [[], 0];
      } else this.wait(answer);
    }
    this.held = at === 0 ? this.held : this.held.subarray(at);
    if (at > 0) this.activeAt = Date.now();
    this.write(out);
    this.settle();
  }

  private wait(answer: Buffer | Promise<Buffer>): void {
    const slot: Slot = { bytes: Buffer.isBuffer(answer) ? answer : null };
    this.slots.push(slot);
    if (Buffer.isBuffer(answer)) return;
    void answer.then((bytes) => {
      slot.bytes = bytes;
      if (slot === this.slots[0]) this.flush();
    });
  }

  /** Sends what is answered, up to the first that is not. */
  private flush(): void {
    const waiting = this.slots.findIndex((slot) => slot.bytes === null);
    const ready = this.slots.splice(0, waiting < 0 ? this.slots.length : waiting);
    this.write(ready.map((slot) => slot.bytes!));
    this.work();
  }

  private write(out: readonly Buffer[]): void {
    if (out.length === 0 || this.socket.destroyed) return;
    const bytes = out.length === 1 ? out[0]! : Buffer.concat(out);
    this.blocked = !this.socket.write(bytes) || this.blocked;
    if (this.blocked) this.socket.pause();
  }

  /** What is due when nothing is left to be answered. */
  private settle(): void {
    if (this.slots.length >= askedAtMost) this.socket.pause();
    else if (!this.blocked && this.socket.isPaused()) this.socket.resume();
    if (this.slots.length > 0 || this.blocked) return;
    if (this.state === 'handing') this.keeper.handOver(this, this.held);
    else if (this.state === 'closing' || this.ended) this.socket.end();
  }
}
