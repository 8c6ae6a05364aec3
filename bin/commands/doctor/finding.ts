/**
 * What one check came to. `unknown`: it could not be made, mostly for want of a right. `absent`: there is nothing of the
 * kind to be checked.
 */
export interface Finding {
  is: 'ok' | 'not-ok' | 'unknown' | 'absent';
  /** What was looked at, in a word or two. */
  about: string;
  /** One line. */
  says: string;
  /** What to do about it. */
  remedy?: string;
}

export function ok(about: string, says: string): Finding {
  return { is: 'ok', about, says };
}

export function notOk(about: string, says: string, remedy: string): Finding {
  return { is: 'not-ok', about, says, remedy };
}

export function absent(about: string, says: string): Finding {
  return { is: 'absent', about, says };
}

export function unknown(about: string, says: string, remedy?: string): Finding {
  return { is: 'unknown', about, says, ...(remedy !== undefined && { remedy }) };
}
