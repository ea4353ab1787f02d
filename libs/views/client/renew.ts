/**
 * Puts what changed of a page in its place and leaves alone what the reader holds: focus, fields,
 * selection, scroll, open details. Elements are the same when they have the same name (`nameOf`),
 * or none and the same tag at the same place; whatever bears `data-keep` belongs to a script and is
 * left as it is.
 */

/** Fetches this page again; null when it cannot be had now. */
export async function fetchPage(): Promise<Document | null> {
  const next = await lookAgain();
  return next === 'gone' ? null : next;
}

/** The same, but `gone` when the farm says that it is no more. */
export async function lookAgain(): Promise<Document | 'gone' | null> {
  const headers = { accept: 'text/html' };
  const answer = await fetch(location.href, { headers }).catch(() => null);
  if (answer?.status === 404) return 'gone';
  if (!answer?.ok) return null;
  const text = await answer.text().catch(() => null);
  return text === null ? null : new DOMParser().parseFromString(text, 'text/html');
}

/** Makes `old` as `next` is; `next` is used up. */
export function renew(old: Element, next: Element): void {
  if (old.hasAttribute('data-keep') || old.isEqualNode(next)) return;
  renewAttributes(old, next);
  renewChildren(old, next);
}

function renewAttributes(old: Element, next: Element): void {
  const mine = (name: string): boolean => isReaders(old, name);
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name) && !mine(name)) old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (!mine(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

/** What the reader changes by hand is never taken back. */
function isReaders(element: Element, name: string): boolean {
  if (name === 'open') return element instanceof HTMLDetailsElement;
  if (name === 'value' || name === 'checked') return element instanceof HTMLInputElement;
  return false;
}

function renewChildren(old: Element, next: Element): void {
  const names = namesOf(next);
  const known = keepWanted(namesOf(old), new Set(names.values()));
  const named = new Set(known.values());
  let place: ChildNode | null = old.firstChild;
  for (const wanted of [...next.childNodes]) {
    const name = names.get(wanted);
    const same = name === undefined ? unnamedAt(place, wanted, named) : known.get(name);
    if (!same) {
      old.insertBefore(wanted, place);
      continue;
    }
    if (place && same !== place) bring(same, place);
    place = same.nextSibling;
    if (same instanceof Element && wanted instanceof Element) renew(same, wanted);
    else if (same.nodeValue !== wanted.nodeValue) same.nodeValue = wanted.nodeValue;
  }
  while (place) {
    const rest: ChildNode | null = place.nextSibling;
    place.remove();
    place = rest;
  }
}

/** The children that are told apart wherever they stand; the second of a name is another one. */
function namesOf(parent: Element): Map<ChildNode, string> {
  const names = new Map<ChildNode, string>();
  const times = new Map<string, number>();
  for (const child of parent.children) {
    const own = nameOf(child);
    if (own === null) continue;
    const name = `${child.tagName} ${own}`;
    const nth = times.get(name) ?? 0;
    times.set(name, nth + 1);
    names.set(child, `${name} ${nth}`);
  }
  return names;
}

/** A line is what it leads to, a section is what its heading says, numbers apart. */
function nameOf(child: Element): string | null {
  if (child.id) return `#${child.id}`;
  if (/^(TR|LI)$/.test(child.tagName)) {
    return child.querySelector('a[href]')?.getAttribute('href') ?? null;
  }
  if (child.tagName !== 'SECTION') return null;
  return child.querySelector('h2')?.textContent.replace(/\d[\d\s]*/g, '0') ?? null;
}

/** By name; what is not wanted any more goes first, so that the rest need not move. */
function keepWanted(
  names: ReadonlyMap<ChildNode, string>,
  wanted: ReadonlySet<string>,
): Map<string, ChildNode> {
  const known = new Map<string, ChildNode>();
  for (const [child, name] of names) {
    if (wanted.has(name)) known.set(name, child);
    else child.remove();
  }
  return known;
}

/** What has no name is the same when it is of the same kind and at the same place. */
function unnamedAt(
  place: ChildNode | null,
  wanted: ChildNode,
  named: ReadonlySet<ChildNode>,
): ChildNode | null {
  if (place?.nodeType !== wanted.nodeType || named.has(place)) return null;
  const isSame = !(place instanceof Element) || place.tagName === (wanted as Element).tagName;
  return isSame ? place : null;
}

/** To `place`, which it comes after. What moves loses focus and scroll: so what is between does. */
function bring(same: ChildNode, place: ChildNode): void {
  const end = same.nextSibling;
  const between: ChildNode[] = [];
  for (let one: ChildNode | null = place; one && one !== same; one = one.nextSibling) {
    between.push(one);
  }
  if (between.some((one) => one.contains(document.activeElement))) place.before(same);
  else for (const one of between) same.parentNode?.insertBefore(one, end);
}
