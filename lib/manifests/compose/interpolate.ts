import { fault } from '../fault.ts';
import { isRecord } from '../objects.ts';

/** `$$`, `$NAME`, or `${NAME}` with what stands for a missing value (Compose Specification, "Interpolation"). */
const REFERENCE = /\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-?+])((?:[^{}]|\$\{[^{}]*\})*))?\}|)/g;

type Variables = Readonly<Record<string, string>>;

/**
 * `value` with the variables in all its texts replaced. They come from the repository's `.env` only: a push has no shell
 * that could set others.
 * @throws FairleadError `manifests/bad-compose` for a variable that has no value
 */
export function interpolated(value: unknown, variables: Variables, place: string): unknown {
  if (typeof value === 'string') return replaced(value, variables, place);
  if (Array.isArray(value)) return value.map((each) => interpolated(each, variables, place));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, held]) => [key, interpolated(held, variables, `${place}.${key}`)]),
  );
}

function replaced(text: string, variables: Variables, place: string): string {
  return text.replace(REFERENCE, (all, dollar, plain, braced, how, other = '') => {
    if (dollar !== undefined) return '$';
    const name: string | undefined = plain ?? braced;
    if (name === undefined)
      throw fault(
        'bad-compose',
        place,
        `a variable cannot be read in ${JSON.stringify(text)}`,
        'write $$ for a dollar sign',
      );
    const held = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return choose(held, how, () => replaced(other, variables, place), { name, all, place });
  });
}

function choose(
  held: string | undefined,
  how: string | undefined,
  other: () => string,
  { name, place }: { name: string; all: string; place: string },
): string {
  const isThere = how?.startsWith(':') ? held !== undefined && held !== '' : held !== undefined;
  if (how?.endsWith('+')) return isThere ? other() : '';
  if (isThere) return held ?? '';
  if (how?.endsWith('-')) return other();
  throw fault(
    'bad-compose',
    place,
    `the variable ${name} has no value${how?.endsWith('?') ? `: ${other()}` : ''}`,
    `write \${${name}:-VALUE}, or put ${name}=VALUE into the file .env of the repository`,
  );
}
