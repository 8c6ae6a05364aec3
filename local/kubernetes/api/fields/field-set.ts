/**
 * A set of field paths as a tree. Path elements are spelled as FieldsV1 spells them: `f:spec`, `k:{"name":"web"}`,
 * `v:"finalizer"`. Source: Kubernetes `meta/v1.FieldsV1`, structured-merge-diff `fieldpath.Set`.
 */
export class FieldSet {
  readonly children = new Map<string, FieldSet>();
  /** Whether the path to this node itself is in the set. */
  member = false;

  /** Adds a path; the empty path is the node itself. */
  insert(path: readonly string[]): void {
    let node: FieldSet = this;
    for (const element of path) {
      let child = node.children.get(element);
      if (!child) {
        child = new FieldSet();
        node.children.set(element, child);
      }
      node = child;
    }
    node.member = true;
  }

  get isEmpty(): boolean {
    return !this.member && [...this.children.values()].every((child) => child.isEmpty);
  }

  union(other: FieldSet): FieldSet {
    return combine(this, other, (mine, others) => mine || others);
  }

  /** The members of this set that are not members of the other. */
  difference(other: FieldSet): FieldSet {
    return combine(this, other, (mine, others) => mine && !others);
  }

  intersection(other: FieldSet): FieldSet {
    return combine(this, other, (mine, others) => mine && others);
  }

  /** Every member as a path, in the order of the tree. */
  *paths(prefix: readonly string[] = []): Generator<readonly string[]> {
    if (this.member) yield prefix;
    for (const [element, child] of this.children) yield* child.paths([...prefix, element]);
  }

  toJSON(): Record<string, unknown> {
    const entries = [...this.children].sort(([a], [b]) => (a < b ? -1 : 1));
    const json: Record<string, unknown> = {};
    // A member without children is `{}`; a member with children says so by a dot.
    if (this.member && entries.length > 0) json['.'] = {};
    for (const [element, child] of entries) json[element] = child.toJSON();
    return json;
  }

  static fromJSON(json: Record<string, unknown>): FieldSet {
    const set = new FieldSet();
    const names = Object.keys(json);
    set.member = names.length === 0 || names.includes('.');
    for (const name of names)
      if (name !== '.') set.children.set(name, FieldSet.fromJSON(json[name] as Record<string, unknown>));
    return set;
  }
}

const nothing = new FieldSet();

function combine(
  left: FieldSet,
  right: FieldSet,
  keep: (mine: boolean, others: boolean) => boolean,
): FieldSet {
  const result = new FieldSet();
  result.member = keep(left.member, right.member);
  for (const element of new Set([...left.children.keys(), ...right.children.keys()])) {
    const child = combine(
      left.children.get(element) ?? nothing,
      right.children.get(element) ?? nothing,
      keep,
    );
    if (!child.isEmpty) result.children.set(element, child);
  }
  return result;
}

/** A path as people read it: `.spec.template.spec.containers[name="web"].image`. */
export function printPath(path: readonly string[]): string {
  return path.map(printElement).join('');
}

function printElement(element: string): string {
  const text = element.slice(2);
  if (element.startsWith('f:')) return `.${text}`;
  if (!element.startsWith('k:')) return `[=${text}]`;
  const keys = Object.entries(JSON.parse(text) as Record<string, unknown>);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}
