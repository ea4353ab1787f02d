/** How long what tells of a process waits for what it asks. */

/** Milliseconds: whoever asks for readiness or measures gives up after ten seconds or so. */
const patience = 5000;

/** Rejects, with a sentence, when there is no answer by then. */
export async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    const late = (): void => reject(new Error(`no answer within ${patience / 1000} seconds`));
    timer = setTimeout(late, patience).unref();
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}
