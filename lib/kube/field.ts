/** A step of a path: a name, or what an item of a list is known by. */
type Step = { name: string } | { item: Record<string, unknown> };

/**
 * Takes `field` out of `object`, as conflicts name it (structured-merge-diff, fieldpath/path.go):
 * `.spec.template.spec.containers[name="web"].image`. Answers whether it was there, and could be.
 */
export function takeOut(object: object, field: string): boolean {
  return takeStep(object, stepsOf(field));
}

function takeStep(at: unknown, [step, ...rest]: Step[]): boolean {
  if (step === undefined || at === null || typeof at !== 'object') return false;
  if ('item' in step) {
    const found = Array.isArray(at) ? at.find((item) => isKnownBy(item, step.item)) : undefined;
    return rest.length > 0 && takeStep(found, rest);
  }
  const fields = at as Record<string, unknown>;
  if (!Object.hasOwn(fields, step.name)) {
    // A name with dots comes in pieces.
    const [next, ...others] = rest;
    return (
      next !== undefined && 'name' in next && takeStep(at, [{ name: `${step.name}.${next.name}` }, ...others])
    );
  }
  if (rest.length > 0) return takeStep(fields[step.name], rest);
  delete fields[step.name];
  return true;
}

/** What an object does not say of its key is what the API takes for it. */
function isKnownBy(item: unknown, key: Record<string, unknown>): boolean {
  const fields = item as Record<string, unknown>;
  const pairs = Object.entries(key);
  return pairs.length > 0 && pairs.every(([name, value]) => (fields[name] ?? value) === value);
}

function stepsOf(field: string): Step[] {
  const steps = field.matchAll(/\[((?:"(?:\\.|[^"\\])*"|[^\]"])*)\]|\.([^.[]+)/g);
  return [...steps].map(([, selector, name = '']) =>
    selector === undefined ? { name } : { item: Object.fromEntries(pairsOf(selector)) },
  );
}

function pairsOf(selector: string): [string, unknown][] {
  const pairs = selector.matchAll(/([\w-]+)=("(?:\\.|[^"\\])*"|[^,]+)/g);
  return [...pairs].map(([, name = '', value = '']) => [name, JSON.parse(value)]);
}
