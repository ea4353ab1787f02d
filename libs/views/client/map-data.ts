/** What the map of jobs is told, taken apart: see libs/domain/evaluation-difference/job-map.ts. */
export interface MapData {
  readonly names: string;
  readonly systems: readonly { readonly system: string; readonly statuses: string }[];
  /** Statuses by their letters. */
  readonly letters: Readonly<Record<string, string>>;
}

export function namesOf({ names }: MapData): string[] {
  if (names === '') return [];
  let before = '';
  return names.split('\n').map((line) => {
    const space = line.indexOf(' ');
    before = before.slice(0, Number(line.slice(0, space))) + line.slice(space + 1);
    return before;
  });
}

/** Words that are parts of the name; one that begins with `-` must be none. In small letters. */
export function fitting(names: readonly string[], asked: string): Uint8Array {
  const fits = new Uint8Array(names.length).fill(1);
  for (const word of asked.toLowerCase().split(/\s+/)) {
    const part = word.replace(/^-/, '');
    if (part === '') continue;
    const wanted = part === word;
    for (let at = 0; at < names.length; at += 1) {
      if (fits[at] === 1 && names[at]!.includes(part) !== wanted) fits[at] = 0;
    }
  }
  return fits;
}

/** Places of names that a system has and that fit, in their order. */
export function placesOf(statuses: string, fits: Uint8Array, status: string): Int32Array {
  const places = new Int32Array(fits.length);
  let found = 0;
  for (let at = 0; at < fits.length; at += 1) {
    const letter = statuses[at]!;
    if (fits[at] === 0 || letter === '.' || (status !== '' && letter !== status)) continue;
    places[found] = at;
    found += 1;
  }
  return places.subarray(0, found);
}
