/**
 * Puts what changed of a page in its place and leaves alone what the reader holds: focus, fields,
 * selection, scroll, open details. Elements are the same when they have the same id, or the same
 * tag at the same place; whatever bears `data-keep` belongs to a script and is left as it is.
 */

/** Fetches this page again; null when it cannot be had now. */
export async function fetchPage(): Promise<Document | null> {
  const headers = { accept: 'text/html' };
  const answer = await fetch(location.href, { headers }).catch(() => null);
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
  const byId = new Map<string, Element>();
  for (const child of old.children) if (child.id) byId.set(child.id, child);
  let place: ChildNode | null = old.firstChild;
  for (const wanted of [...next.childNodes]) {
    const same = counterpart(wanted, place, byId);
    if (same === null) {
      old.insertBefore(wanted, place);
      continue;
    }
    if (same === place) place = place.nextSibling;
    else old.insertBefore(same, place);
    if (same instanceof Element && wanted instanceof Element) renew(same, wanted);
    else if (same.nodeValue !== wanted.nodeValue) same.nodeValue = wanted.nodeValue;
  }
  while (place) {
    const rest: ChildNode | null = place.nextSibling;
    place.remove();
    place = rest;
  }
}

/** The node of the open page that stands for `wanted`, if there is one. */
function counterpart(
  wanted: ChildNode,
  place: ChildNode | null,
  byId: ReadonlyMap<string, Element>,
): ChildNode | null {
  if (wanted instanceof Element && wanted.id) {
    const found = byId.get(wanted.id);
    return found?.tagName === wanted.tagName ? found : null;
  }
  if (place?.nodeType !== wanted.nodeType) return null;
  if (!(place instanceof Element)) return place;
  if (place.tagName !== (wanted as Element).tagName) return null;
  return place.id ? null : place;
}
