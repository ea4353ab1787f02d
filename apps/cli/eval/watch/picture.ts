/** Lines on a terminal that are written over by the next ones; the last of them stay. */

interface Terminal {
  write(text: string): unknown;
}

export class Picture {
  private height = 0;
  private before = '';

  constructor(private readonly terminal: Terminal) {}

  /** No line may be wider than the terminal, or the cursor does not find its way back. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\u001b[K\n`).join('');
    if (text === this.before) return;
    const up = this.height > 0 ? `\u001b[${this.height}A` : '';
    const below = lines.length < this.height ? '\u001b[J' : '';
    this.terminal.write(`${up}\r${text}${below}`);
    this.height = lines.length;
    this.before = text;
  }

  end(): void {
    this.height = 0;
    this.before = '';
  }
}
