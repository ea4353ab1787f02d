/**
 * The map of all jobs of an evaluation: a shape for each, of which only those in sight are drawn,
 * so that a hundred thousand are as light as a hundred. Each is a link with a name; the keys go
 * from one to the next, and the fields above choose as one writes.
 */
import { fitting, namesOf, placesOf, type MapData } from './map-data.js';

const cell = 26;
const beyond = 6;
const shapeSpace = 'http://www.w3.org/2000/svg';

interface Drawing {
  readonly tone: string;
  readonly shape: string;
}

interface Job {
  readonly system: string;
  /** Of its name. */
  readonly place: number;
  /** Of its status. */
  readonly letter: string;
}

class SystemGrid {
  private readonly box = document.createElement('div');
  private readonly heading = document.createElement('h2');
  private readonly drawn = new Map<number, HTMLAnchorElement>();
  private readonly system: string;
  private readonly statuses: string;
  private readonly map: JobMap;
  private places: Int32Array = new Int32Array(0);

  constructor(map: JobMap, { system, statuses }: MapData['systems'][number]) {
    this.map = map;
    this.system = system;
    this.statuses = statuses;
    this.box.className = 'map-box';
    this.box.setAttribute('role', 'group');
    this.box.setAttribute('aria-label', `Jobs for ${system || 'no known system'}`);
    this.box.addEventListener('keydown', (event) => this.move(event));
    map.place.append(this.heading, this.box);
  }

  /** How many jobs it shows. What is drawn stays where it is, and shows other jobs. */
  take(fits: Uint8Array, letter: string): number {
    this.places = placesOf(this.statuses, fits, letter);
    const { length } = this.places;
    for (const [at, link] of this.drawn) {
      if (at < length) {
        this.tell(link, at);
        continue;
      }
      link.remove();
      this.drawn.delete(at);
    }
    this.heading.textContent = `${this.system || 'not known'}: ${length.toLocaleString('en')}`;
    this.heading.hidden = length === 0;
    this.box.hidden = length === 0;
    return length;
  }

  /** The box as high as all its rows are, and what is drawn at its places. */
  layOut(): void {
    const rows = Math.ceil(this.places.length / this.map.columns);
    this.box.style.height = `${rows * cell}px`;
    for (const [at, link] of this.drawn) this.put(link, at);
  }

  /** To ask after each change would have the browser lay out everything each time. */
  top(): number {
    return this.box.getBoundingClientRect().top;
  }

  draw(top: number): void {
    const { columns } = this.map;
    const first = Math.max(0, Math.floor(-top / cell) - beyond) * columns;
    // Its first row is there for the tab key wherever the grid is.
    const last = Math.max(1, Math.ceil((innerHeight - top) / cell) + beyond) * columns;
    const held = document.activeElement;
    let before: Element | null = null;
    for (const [at, link] of this.drawn) {
      if (at >= first && at < last) continue;
      if (link === held) {
        if (at < first) before = link;
        continue;
      }
      link.remove();
      this.drawn.delete(at);
    }
    for (let at = first; at < Math.min(last, this.places.length); at += 1) {
      before = this.linkAt(at, before);
    }
  }

  /** In the order of jobs, so that the tab key goes through them in it. */
  private linkAt(at: number, before: Element | null): HTMLAnchorElement {
    const known = this.drawn.get(at);
    if (known) return known;
    const link = document.createElement('a');
    this.tell(link, at);
    this.put(link, at);
    if (before) before.after(link);
    else this.box.prepend(link);
    this.drawn.set(at, link);
    return link;
  }

  private tell(link: HTMLAnchorElement, at: number): void {
    const place = this.places[at]!;
    this.map.tell(link, { system: this.system, place, letter: this.statuses[place]! });
  }

  private put(link: HTMLElement, at: number): void {
    const { columns } = this.map;
    link.style.left = `${(at % columns) * cell}px`;
    link.style.top = `${Math.floor(at / columns) * cell}px`;
  }

  private move(event: KeyboardEvent): void {
    const { columns } = this.map;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    const step = steps[event.key as keyof typeof steps];
    const here = [...this.drawn].find(([, link]) => link === document.activeElement)?.[0];
    if (!step || here === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    const to = here + step;
    if (to < 0 || to >= this.places.length) return;
    event.preventDefault();
    this.linkAt(to, null).focus();
    this.draw(this.top());
  }
}

class JobMap {
  private readonly names: readonly string[];
  private readonly small: readonly string[];
  private readonly grids: readonly SystemGrid[];
  private readonly data: MapData;
  private readonly told: HTMLElement;
  readonly place: HTMLElement;
  /** Of all systems: their boxes are as wide as the place. */
  columns = 1;

  constructor(place: HTMLElement, data: MapData, told: HTMLElement) {
    this.place = place;
    this.data = data;
    this.told = told;
    this.names = namesOf(data);
    this.small = this.names.map((name) => name.toLowerCase());
    place.replaceChildren();
    this.grids = data.systems.map((one) => new SystemGrid(this, one));
    addEventListener('scroll', () => this.draw(), { passive: true });
    addEventListener('resize', () => this.layOut(), { passive: true });
  }

  choose({ name, system, status }: Record<'name' | 'system' | 'status', string>): void {
    const fits = fitting(this.small, name);
    const none = new Uint8Array(fits.length);
    const letters = Object.entries(this.data.letters);
    const letter = letters.find(([, word]) => word === status)?.[0] ?? '';
    let found = 0;
    for (const [at, grid] of this.grids.entries()) {
      const wanted = system === '' || this.data.systems[at]!.system === system;
      found += grid.take(wanted ? fits : none, letter);
    }
    this.layOut();
    this.told.textContent = `${found.toLocaleString('en')} ${found === 1 ? 'job' : 'jobs'}`;
  }

  /** Makes a link the one of a job. */
  tell(link: HTMLAnchorElement, { system, place, letter }: Job): void {
    const name = this.names[place]!;
    const status = this.data.letters[letter] ?? '';
    const drawing = drawings.get(status);
    const words = `name=${encodeURIComponent(name)}&system=${encodeURIComponent(system)}`;
    link.href = `${this.place.dataset['jobs']}?${words}`;
    link.className = `cell ${drawing?.tone ?? ''}`;
    link.title = `${name}: ${status}`;
    link.setAttribute('aria-label', link.title);
    const shape = shapeOf(drawing?.shape ?? 'ring');
    if (link.firstElementChild?.isEqualNode(shape) !== true) {
      link.replaceChildren(shape.cloneNode(true));
    }
  }

  /** Twice: with the boxes' heights a bar to scroll by comes or goes, and takes of the width. */
  private layOut(): void {
    for (let again = 0; again < 2; again += 1) {
      const columns = Math.max(1, Math.floor(this.place.clientWidth / cell));
      if (again === 1 && columns === this.columns) break;
      this.columns = columns;
      for (const grid of this.grids) grid.layOut();
    }
    this.draw();
  }

  private draw(): void {
    const tops = this.grids.map((grid) => grid.top());
    for (const [at, grid] of this.grids.entries()) grid.draw(tops[at]!);
  }
}

const shapes = new Map<string, SVGElement>();

/** To be copied, which is faster than to make the next of its kind. */
function shapeOf(name: string): SVGElement {
  let shape = shapes.get(name);
  if (!shape) {
    shape = document.createElementNS(shapeSpace, 'svg');
    shape.setAttribute('viewBox', '0 0 16 16');
    shape.setAttribute('aria-hidden', 'true');
    const use = document.createElementNS(shapeSpace, 'use');
    use.setAttribute('href', `#${name}`);
    shape.append(use);
    shapes.set(name, shape);
  }
  return shape;
}

/** How statuses are drawn, as the legend of the page shows it. */
const drawings = new Map<string, Drawing>();
for (const one of document.querySelectorAll<HTMLElement>('[data-status]')) {
  const { status = '', tone = '', shape = '' } = one.dataset;
  drawings.set(status, { tone, shape });
}

async function begin(place: HTMLElement): Promise<void> {
  const form = document.querySelector<HTMLFormElement>('form.narrow');
  const told = document.querySelector<HTMLElement>('[data-found]');
  const answer = await fetch(place.dataset['map'] ?? '').catch(() => null);
  if (!answer?.ok || !form || !told) return;
  const map = new JobMap(place, (await answer.json()) as MapData, told);
  const field = (name: string): string => {
    const one = form.elements.namedItem(name);
    const isField = one instanceof HTMLInputElement || one instanceof HTMLSelectElement;
    return isField ? one.value : '';
  };
  const choose = (): void =>
    map.choose({ name: field('name'), system: field('system'), status: field('status') });
  form.addEventListener('input', () => {
    choose();
    const fields = ['name', 'system', 'status'] as const;
    const kept = fields.flatMap((name) => (field(name) === '' ? [] : [[name, field(name)]]));
    history.replaceState(null, '', `?${new URLSearchParams(kept)}`);
  });
  form.addEventListener('submit', (event) => event.preventDefault());
  document.querySelector('nav.pages')?.remove();
  choose();
}

const place = document.querySelector<HTMLElement>('[data-map]');
if (place) void begin(place);
