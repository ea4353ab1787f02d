/**
 * `HASH.narinfo`, the most asked address of a farm, and `nix-cache-info`: whole answers, made once
 * with their heads and signatures. Those that are plainly asked for and known go out at once.
 */
import { Logger } from '@nestjs/common';
import { NarinfoAnswers } from '#application/answer-narinfo.js';
import type { NarinfoPlace } from '#application/ports/answer-keeper.js';
import type { OfferedPaths, ToldPath } from '#application/ports/offered-paths.js';
import { cacheControl, type Lifetimes } from '#domain/substitute/lifetimes.js';
import type { Store } from '#domain/substitute/store.js';
import { hashPartLength } from '#formats/store-path.js';
import { sentenceOf } from '#std/farm-fault.js';
import { answerBytes, HttpClock, isUnchanged, plainBytes } from './answers/answer-bytes.js';
import { closingBytes, headOf, unchangedBytes, validatorsOf } from './answers/answer-bytes.js';
import type { KeptAnswers } from './answers/kept-answers.js';
import { faultBytes, refusalFor, sendBytes, type Exchange } from './respond.js';
import type { Stores } from './stores.js';
import { narinfoEnd } from './target.js';
import type { PlainHead } from './wire/request-head.js';

export interface NarinfoRouteParts {
  readonly offered: Pick<OfferedPaths, 'lookup'>;
  readonly stores: Stores;
  readonly keeper: KeptAnswers;
  /** Hears of each path that is told, so that its nars need not be asked for. */
  readonly files: {
    learn(store: Store, path: ToldPath): void;
    forget(): void;
  };
  /** The text, signed. */
  readonly print: (offered: ToldPath, store: Store) => string;
  readonly lifetimes: Lifetimes;
}

const narinfoType = 'text/x-nix-narinfo';
const infoType = 'text/x-nix-cache-info';
const infoName = 'nix-cache-info';

export class NarinfoRoute {
  private readonly logger = new Logger('http');
  private readonly clock = new HttpClock();
  private readonly narinfos: NarinfoAnswers<Buffer>;
  private readonly infos = new WeakMap<Store, Buffer>();
  private readonly misses = new WeakMap<Store, Buffer>();

  constructor(private readonly parts: NarinfoRouteParts) {
    const { offered, keeper, stores } = parts;
    this.narinfos = new NarinfoAnswers({
      offered,
      keeper,
      render: (path, { store }) => this.made(path, stores.known(store.slug)!),
    });
  }

  /** What is plainly asked for; null when there is more to it. */
  answer(head: PlainHead): Buffer | Promise<Buffer> | null {
    const { target, fields } = head;
    const store = this.storeOf(target, fields.host);
    if (!store || store.private) return null;
    if (!target.endsWith(narinfoEnd)) {
      return target.endsWith(`/${infoName}`) ? this.ready(head, this.info(store)) : null;
    }
    const at = target.length - narinfoEnd.length - hashPartLength;
    const known = this.parts.keeper.peek(store.id, target, at);
    if (known) return this.ready(head, known);
    const place = { store, hashPart: target.slice(at, at + hashPartLength) };
    return this.asked(place, store).then(
      (bytes) => this.ready(head, bytes),
      (error: unknown) => {
        this.logger.error(`${head.method} ${target}: ${sentenceOf(error)}`);
        return this.ready(head, faultBytes(refusalFor(error)));
      },
    );
  }

  /** The same for a request that came by Node's own HTTP. */
  async ask(exchange: Exchange, store: Store, hashPart: string): Promise<void> {
    const held = this.parts.keeper.peek(store.id, hashPart, 0);
    sendBytes(exchange, held ?? (await this.asked({ store, hashPart }, store)));
  }

  cacheInfo(exchange: Exchange, store: Store): void {
    sendBytes(exchange, this.info(store));
  }

  changed(store: number, hashParts: readonly string[] | null): void {
    this.parts.files.forget();
    this.narinfos.changed(store, hashParts);
  }

  /** While nobody can tell, what is known of files stands, as Postgres may be away. */
  hearing(told: boolean): void {
    if (told) this.parts.files.forget();
    this.narinfos.hearing(told);
  }

  private async asked(place: NarinfoPlace, store: Store): Promise<Buffer> {
    return (await this.narinfos.ask(place)) ?? this.miss(store);
  }

  /** The store whose narinfo or cache info is asked for; null at any other address. */
  private storeOf(target: string, host: string): Store | null {
    const name = target.endsWith(narinfoEnd) ? hashPartLength + narinfoEnd.length : infoName.length;
    const at = target.length - name;
    if (at < 1 || target.charCodeAt(at - 1) !== 47) return null;
    const { stores } = this.parts;
    return stores.known(at === 1 ? stores.slugAt(host) : target.slice(1, at - 1));
  }

  /** The bytes as this request wants them. */
  private ready({ method, fields }: PlainHead, answer: Buffer): Buffer {
    this.clock.stamp(answer);
    let bytes = answer;
    const conditional = fields.ifNoneMatch !== undefined || fields.ifModifiedSince !== undefined;
    if (conditional && isOk(bytes) && isUnchanged(fields, validatorsOf(bytes))) {
      bytes = unchangedBytes(bytes);
    } else if (method === 'HEAD') bytes = headOf(bytes);
    return fields.closes ? closingBytes(bytes) : bytes;
  }

  private made(path: ToldPath, store: Store): Buffer {
    this.parts.files.learn(store, path);
    return answerBytes({
      type: narinfoType,
      body: this.parts.print(path, store),
      lastModified: path.offeredAt,
      cacheControl: cacheControl('narinfo', store, this.parts.lifetimes),
    });
  }

  private info(store: Store): Buffer {
    let bytes = this.infos.get(store);
    if (!bytes) {
      const { dir, priority } = store;
      bytes = answerBytes({
        type: infoType,
        body: `StoreDir: ${dir}\nWantMassQuery: 1\nPriority: ${priority}\n`,
        lastModified: Date.now(),
        cacheControl: cacheControl('narinfo', store, this.parts.lifetimes),
      });
      this.infos.set(store, bytes);
    }
    return bytes;
  }

  private miss(store: Store): Buffer {
    let bytes = this.misses.get(store);
    if (!bytes) {
      const told = cacheControl('miss', store, this.parts.lifetimes);
      bytes = plainBytes('404 Not Found', told, 'not found\n');
      this.misses.set(store, bytes);
    }
    return bytes;
  }
}

function isOk(answer: Buffer): boolean {
  return answer[9] === 0x32;
}
