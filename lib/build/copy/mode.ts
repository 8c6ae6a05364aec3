/** What `--chmod` makes of a file's mode. */
export type ModeChange = (mode: number, isDirectory: boolean) => number;

const CLASSES = { u: 0o4700, g: 0o2070, o: 0o0007, a: 0o6777 } as const;
const SHIFT = { u: 6, g: 3, o: 0 } as const;
const BITS = { r: 0o444, w: 0o222, x: 0o111 } as const;
const CLAUSE = /^([augo]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/;

/**
 * Reads a mode as chmod(1) does: octal digits up to 7777, or clauses like `u=rwX,go-w` (BuildKit, dchapes-mode; there
 * is no umask). Undefined for what is neither. Pure.
 */
export function parseMode(text: string): ModeChange | undefined {
  if (/^[0-7]{1,5}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return mode > 0o7777 ? undefined : () => mode;
  }
  const changes: ModeChange[] = [];
  for (const clause of text.split(',')) {
    const [, who, actions] = CLAUSE.exec(clause) ?? [];
    if (who === undefined || actions === undefined) return undefined;
    for (const [, operator = '', permissions = ''] of actions.matchAll(/([-+=])([rwxXst]*[ugo]?)/g))
      changes.push(changeOf(who, operator, permissions));
  }
  return (mode, isDirectory) => changes.reduce((changed, change) => change(changed, isDirectory), mode);
}

function changeOf(who: string, operator: string, permissions: string): ModeChange {
  const classes = (who === '' ? 'a' : who).split('') as (keyof typeof CLASSES)[];
  const reach = classes.reduce((bits, name) => bits | CLASSES[name], 0);
  const isOthersOnly = classes.every((name) => name === 'o');
  // As in chmod(1), the sticky bit belongs to all.
  const sticky = permissions.includes('t') && !isOthersOnly ? 0o1000 : 0;
  return (mode, isDirectory) => {
    const wanted = (bitsOf(permissions, mode, isDirectory) & reach) | sticky;
    if (operator === '+') return mode | wanted;
    if (operator === '-') return mode & ~wanted;
    return (mode & ~reach) | wanted;
  };
}

function bitsOf(permissions: string, mode: number, isDirectory: boolean): number {
  let bits = 0;
  for (const letter of permissions) {
    if (letter === 'r' || letter === 'w' || letter === 'x') bits |= BITS[letter];
    else if (letter === 'X') bits |= isDirectory || (mode & 0o111) !== 0 ? BITS.x : 0;
    else if (letter === 's') bits |= 0o6000;
    else if (letter === 'u' || letter === 'g' || letter === 'o')
      bits |= ((mode >> SHIFT[letter]) & 7) * 0o111;
  }
  return bits;
}
