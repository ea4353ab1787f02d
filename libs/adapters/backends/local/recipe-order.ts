/**
 * Puts recipes into dependency order, each for a system. A recipe with an unknown input, or in a
 * cycle, is broken, and so are those that need it; all others go on. Pure, and without recursion.
 */
import type { Recipe, RecipeInput } from './recipe-file.js';

export interface Step {
  readonly recipe: Recipe;
  readonly system: string;
}

export type Ordered =
  /** Every input was told before. */
  | { readonly kind: 'ready'; readonly step: Step }
  | { readonly kind: 'broken'; readonly step: Step; readonly message: string };

/** What is wrong, and with which recipe it began. */
interface Fault {
  readonly recipe: string;
  readonly message: string;
}

interface Frame {
  readonly step: Step;
  looked: number;
  fault: Fault | null;
}

interface Walk {
  readonly stack: Frame[];
  readonly depths: Map<string, number>;
}

export function stepKey(step: Step): string {
  return `${step.recipe.name}\0${step.system}`;
}

/** A recipe without a system of its own is made for the one that is asked for. */
export function stepOf(recipe: Recipe, system: string): Step {
  return { recipe, system: recipe.system ?? system };
}

export class RecipeOrder {
  readonly #settled = new Map<string, Fault | null>();

  constructor(private readonly recipes: ReadonlyMap<string, Recipe>) {}

  /** The step and all its inputs that were not told before, inputs first. */
  *visit(root: Step): Generator<Ordered> {
    if (this.#settled.has(stepKey(root))) return;
    const stack: Frame[] = [];
    /** Where each open step stands in the stack. */
    const depths = new Map<string, number>();
    this.#open({ stack, depths }, root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = top.step.recipe.inputs[top.looked++];
      if (input && !top.fault) {
        this.#look({ stack, depths }, top, input);
        continue;
      }
      stack.pop();
      depths.delete(stepKey(top.step));
      this.#settled.set(stepKey(top.step), top.fault);
      const parent = stack.at(-1);
      if (parent) parent.fault ??= top.fault;
      yield orderedOf(top);
    }
  }

  #look(walk: Walk, top: Frame, input: RecipeInput): void {
    const own = top.step.recipe.name;
    const recipe = this.recipes.get(input.recipe);
    if (!recipe) {
      top.fault = { recipe: own, message: `there is no recipe called ${input.recipe}` };
    } else if (input.output !== null && !recipe.outputs.includes(input.output)) {
      top.fault = { recipe: own, message: `${recipe.name} has no output ${input.output}` };
    } else {
      const next = stepOf(recipe, top.step.system);
      const settled = this.#settled.get(stepKey(next));
      if (settled === undefined) this.#open(walk, next);
      else if (settled) top.fault = settled;
    }
  }

  /** Opens an input, or finds that it is open already: then all between are a cycle. */
  #open({ stack, depths }: Walk, next: Step): void {
    const key = stepKey(next);
    const start = depths.get(key);
    if (start === undefined) {
      depths.set(key, stack.length);
      stack.push({ step: next, looked: 0, fault: null });
      return;
    }
    const names = [...stack.slice(start).map((f) => f.step.recipe.name), next.recipe.name];
    const message = `needs itself: ${names.join(' → ')}`;
    for (const frame of stack.slice(start)) {
      frame.fault = { recipe: frame.step.recipe.name, message };
    }
  }
}

function orderedOf({ step, fault }: Frame): Ordered {
  if (!fault) return { kind: 'ready', step };
  const own = fault.recipe === step.recipe.name;
  const message = own ? fault.message : `its input ${fault.recipe} is broken: ${fault.message}`;
  return { kind: 'broken', step, message };
}
