/** A command of `gambeson` run in this process: what it printed, and how it ended. */

export interface Ran {
  readonly out: string;
  /** What `out` is the text of. */
  readonly bytes: Buffer;
  readonly errors: string;
  readonly status: number;
}

type Write = typeof process.stdout.write;

/** One at a time: it stands in the way of everything else that is printed meanwhile. */
export async function runCommand(
  act: () => Promise<unknown>,
  onFault: (thrown: unknown) => void,
  onOutput: (all: string) => void = () => undefined,
): Promise<Ran> {
  const told = { out: '', errors: '' };
  const bytes: Buffer[] = [];
  const listen = (stream: 'out' | 'errors'): Write =>
    ((text: unknown) => {
      const part = typeof text === 'string' ? Buffer.from(text) : Buffer.from(text as Uint8Array);
      told[stream] += part.toString();
      if (stream === 'out') bytes.push(part);
      if (stream === 'out') onOutput(told.out);
      return true;
    }) as Write;
  const [out, errors] = [process.stdout.write, process.stderr.write];
  process.stdout.write = listen('out');
  process.stderr.write = listen('errors');
  try {
    await act().catch(onFault);
  } finally {
    process.stdout.write = out;
    process.stderr.write = errors;
  }
  const status = Number(process.exitCode ?? 0);
  process.exitCode = 0;
  return { ...told, bytes: Buffer.concat(bytes), status };
}
