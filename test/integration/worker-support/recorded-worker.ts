/**
 * The worker's side of a recording, played to a farm of today: what it said is said again with
 * today's ids, fences and slots, and what it was told must be told to it again.
 */
import type { BuildMessage } from '#protocol/worker.js';
import { TestWorker } from '../gateway-support.js';
import { attemptOf, kindOf, logFrameOf, type Message, type Recording } from './recordings.js';
import type { Frame } from './recording-proxy.js';

export interface Stage {
  readonly address: string;
  readonly credential: string;
  /** The nars of these outputs have arrived from the attempt. */
  uploaded(attempt: string, outputs: readonly { path: string; narHash: string }[]): Promise<void>;
  /** Somebody wishes the attempt to end. */
  cancel(attempt: string): Promise<void>;
}

export class RecordedWorker {
  readonly #builds = new Map<string, { recorded: BuildMessage; told: BuildMessage }>();
  readonly #lines: TestWorker[] = [];
  #conversation = 0;
  #heartbeat: object = {};
  /** All that the farm said and the recording does not hold. */
  readonly surplus: Message[] = [];

  constructor(
    private readonly recording: Recording,
    private readonly stage: Stage,
  ) {}

  async play(): Promise<void> {
    for (const frame of this.recording.frames) {
      if (frame.conversation !== this.#conversation) await this.#connect(frame.conversation);
      if (frame.from === 'farm') await this.#hear(frame.message!);
      else await this.#say(frame);
    }
    await this.#leave();
  }

  async #connect(conversation: number): Promise<void> {
    await this.#leave();
    this.#conversation = conversation;
    this.#lines.push(await TestWorker.connect(this.stage.address, this.stage.credential));
  }

  async #leave(): Promise<void> {
    const line = this.#lines.pop();
    await line?.leave();
    this.surplus.push(...((line?.heard ?? []) as unknown as Message[]));
  }

  get #line(): TestWorker {
    return this.#lines[0]!;
  }

  async #say(frame: Frame): Promise<void> {
    if (!frame.message) {
      const { attempt, offset, bytes } = logFrameOf(frame);
      const text = Buffer.from(bytes).toString();
      return this.#line.log(this.#today(String(attempt)), offset, text);
    }
    const { message } = frame;
    const result = message['result'] as { kind: string; outputs: never[] } | undefined;
    if (result?.kind === 'succeeded') {
      await this.stage.uploaded(this.#today(attemptOf(message)!), result.outputs);
    }
    const said = this.#substituted(message);
    if (message.type === 'heartbeat') this.#heartbeat = said;
    this.#line.say(said);
  }

  async #hear(recorded: Message): Promise<void> {
    if (recorded.type === 'build') return this.#takeBuild(recorded as unknown as BuildMessage);
    const attempt = attemptOf(recorded);
    if (recorded.type === 'cancel') {
      await this.stage.cancel(this.#today(attempt!));
      this.#line.say(this.#heartbeat);
    }
    const told = await this.#line.hears(recorded.type as 'welcome', (candidate) => {
      const message = candidate as unknown as Message;
      const same = attempt === null || attemptOf(message) === this.#today(attempt);
      const far = Number(message['offset'] ?? 0) >= Number(recorded['offset'] ?? 0);
      return kindOf(message) === kindOf(recorded) && same && far;
    });
    agrees(told as unknown as Message, recorded);
  }

  /** Builds may come in another order and to other slots than they once did. */
  async #takeBuild(recorded: BuildMessage): Promise<void> {
    const told = await this.#line.hears(
      'build',
      (build) => build.derivation === recorded.derivation,
    );
    agrees(told as unknown as Message, recorded as unknown as Message);
    this.#builds.set(recorded.attempt, { recorded, told });
  }

  #today(attempt: string): string {
    return this.#builds.get(attempt)?.told.attempt ?? attempt;
  }

  #slot(slot: number): number {
    const all = [...this.#builds.values()];
    return all.find(({ recorded }) => recorded.slot === slot)?.told.slot ?? slot;
  }

  #substituted(message: Message): Message {
    const replaced: Record<string, unknown> = { ...message };
    const attempt = attemptOf(message);
    if (attempt !== null) Object.assign(replaced, this.#identity(attempt));
    if (Array.isArray(message['attempts'])) {
      replaced['attempts'] = (message['attempts'] as Message[]).map((one) => ({
        ...one,
        ...this.#identity(attemptOf(one)!, 'build' in one),
        ...('slot' in one ? { slot: this.#slot(Number(one['slot'])) } : {}),
      }));
    }
    if (Array.isArray(message['slots'])) {
      replaced['slots'] = (message['slots'] as number[]).map((slot) => this.#slot(slot));
    }
    return replaced as Message;
  }

  #identity(attempt: string, withBuild = false): object {
    const told = this.#builds.get(attempt)?.told;
    if (!told) throw new Error(`the farm gave no build for the recorded attempt ${attempt}`);
    const { fence, build } = told;
    return { attempt: told.attempt, fence, ...(withBuild ? { build } : {}) };
  }
}

/** Whatever that version of the agent reads is still there, and of the same kind. */
function agrees(told: Message, recorded: Message): void {
  for (const [field, value] of Object.entries(recorded)) {
    const now = told[field];
    if (typeof now === typeof value && Array.isArray(now) === Array.isArray(value)) continue;
    throw new Error(`${kindOf(recorded)}: ${field} was ${typeof value} and is ${typeof now}`);
  }
}
