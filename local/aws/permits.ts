/** One statement that allows something, as IAM has it. Patterns have `*` and `?`, and variables of the session's tags. */
export interface Allowing {
  actions: readonly string[];
  resources: readonly string[];
}

/**
 * Whether one of `statements` lets a session with these tags do `action` (`ecr:PutImage`) with `resource`. As in IAM, a
 * variable of a tag that the session does not have matches nothing (IAM User Guide, "Policy variables").
 */
export function permits(
  statements: readonly Allowing[],
  tags: Readonly<Record<string, string>>,
  action: string,
  resource: string,
): boolean {
  return statements.some(
    ({ actions, resources }) =>
      actions.some((pattern) => matches(pattern, {}, action, 'i')) &&
      resources.some((pattern) => matches(pattern, tags, resource)),
  );
}

const PARTS = /\$\{aws:PrincipalTag\/([^}]+)\}|\*|\?|[^$*?]+|\$/g;

function matches(pattern: string, tags: Readonly<Record<string, string>>, text: string, flags = ''): boolean {
  let source = '';
  for (const [part, tag] of pattern.matchAll(PARTS)) {
    if (tag === undefined) source += part === '*' ? '.*' : part === '?' ? '.' : literally(part);
    else if (Object.hasOwn(tags, tag)) source += literally(tags[tag] ?? '');
    else return false;
  }
  return new RegExp(`^${source}$`, `s${flags}`).test(text);
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
