/**
 * Looks for one file in a nar as it is read. What comes before and after it is passed over; a link
 * on the way is told, and whoever asks follows it by looking again.
 */
import type { FoundInNar } from './found.js';
import type { NarEvent } from './reader.js';

export class NarFinder {
  private result: FoundInNar = { kind: 'absent' };
  private readonly wanted: readonly Uint8Array[];
  /** Directories that are open, and how many of them lie on the way. */
  private open = 0;
  private matched = 0;
  /** The next node lies on the way. */
  private onWay = true;
  private copying = false;

  /** `path` in parts; no part is the archive's root itself. */
  constructor(
    path: readonly string[],
    private readonly contents: (bytes: Uint8Array) => void,
  ) {
    const encoder = new TextEncoder();
    this.wanted = path.map((part) => encoder.encode(part));
  }

  /** True when all events were taken. */
  get found(): FoundInNar {
    return this.result;
  }

  take(event: NarEvent): void {
    switch (event.kind) {
      case 'entry':
        this.onWay = this.matched === this.open - 1 && this.isNext(event.name);
        return;
      case 'contents':
        if (this.copying) this.contents(event.bytes);
        return;
      case 'directory-end':
        this.open -= 1;
        this.matched = Math.max(0, Math.min(this.matched, this.open - 1));
        return;
      case 'end':
        return;
      default:
        this.takeNode(event);
    }
  }

  private takeNode(event: Extract<NarEvent, { kind: 'directory-begin' | 'regular' | 'symlink' }>) {
    const onWay = this.onWay;
    const consumed = this.open;
    const last = consumed === this.wanted.length;
    this.onWay = false;
    this.copying = onWay && last && event.kind === 'regular';
    if (event.kind === 'directory-begin') {
      this.open += 1;
      if (onWay) this.matched = consumed;
    }
    if (!onWay) return;
    if (event.kind === 'symlink') {
      const target = new TextDecoder().decode(event.target);
      this.result = { kind: 'link', consumed, target };
    } else if (last) {
      const { kind } = event;
      this.result =
        kind === 'directory-begin'
          ? { kind: 'directory' }
          : { kind: 'file', executable: event.executable, size: event.size };
    }
  }

  private isNext(name: Uint8Array): boolean {
    const wanted = this.wanted[this.open - 1];
    return (
      wanted !== undefined &&
      wanted.length === name.length &&
      wanted.every((byte, at) => byte === name[at])
    );
  }
}
