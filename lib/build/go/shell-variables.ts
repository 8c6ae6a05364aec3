import type { Variables } from './expand-word.ts';
import { NotPlain } from './shell.ts';

/** What shells set by themselves, each as it likes: not to be told without one (dash, ash and bash, their manuals). */
const OF_THE_SHELL =
  /^(_|IFS|RANDOM|SRANDOM|SECONDS|EPOCH\w+|LINENO|PPID|OPT(ARG|ERR|IND)|PS[0-4]|BASH\w*|COMP_\w+|DIRSTACK|FUNCNAME|PIPESTATUS|SHLVL|SHELLOPTS|HISTCMD|REPLY|COPROC|MAPFILE)$/;

/** What some shells set where nobody else has. */
const UNLESS_SET = /^(E?UID|GROUPS|HOST(NAME|TYPE)|MACHTYPE|OSTYPE|SHELL|TERM|OLDPWD|USER|LOGNAME|MAIL\w*)$/;

/** What changes how a shell reads words, or finds directories. */
const CHANGES_THE_SHELL = /^(IFS|CDPATH|PWD|OLDPWD|POSIXLY_CORRECT|BASH_ENV)$/;

/** Throws NotPlain for a variable whose value only a shell knows, whatever a stage sets. */
export function checkVariable(name: string): void {
  if (OF_THE_SHELL.test(name)) throw new NotPlain(`$${name} is the shell's own`);
}

/** Throws NotPlain for one that is not to be set. */
export function checkAssigned(name: string): void {
  if (CHANGES_THE_SHELL.test(name) || OF_THE_SHELL.test(name)) throw new NotPlain(`it sets ${name}`);
}

/** The variables of a script while it runs: those of the stage, PWD and HOME, and what it sets. */
export class ShellVariables implements Variables {
  /** Whether one that is not set ends the script. */
  refusesUnset = false;
  readonly #values: Map<string, string>;
  readonly #exported: Set<string>;

  constructor(environment: ReadonlyMap<string, string>, home: string, cwd: string) {
    for (const name of environment.keys())
      if (name !== 'PWD' && CHANGES_THE_SHELL.test(name)) checkAssigned(name);
    this.#values = new Map([['HOME', home], ...environment, ['PWD', cwd]]);
    this.#exported = new Set(this.#values.keys());
  }

  get(name: string): string | undefined {
    const value = this.#values.get(name);
    if (value === undefined && UNLESS_SET.test(name)) throw new NotPlain(`$${name} is the shell's own`);
    return value;
  }

  missing(name: string): void {
    if (this.refusesUnset) throw new NotPlain(`$${name} is not set, which ends the command`);
  }

  assign(name: string, value: string): void {
    checkAssigned(name);
    this.#values.set(name, value);
  }

  export(name: string): void {
    this.#exported.add(name);
  }

  /** What `cd` leaves. */
  enter(cwd: string): void {
    this.#values.set('OLDPWD', this.#values.get('PWD') as string);
    this.#values.set('PWD', cwd);
  }

  /** The directory that `cd` without one, or with a dash, goes to. */
  directoryOf(path: string | undefined): string {
    const found =
      path === undefined ? this.#values.get('HOME') : path === '-' ? this.#values.get('OLDPWD') : path;
    if (!found) throw new NotPlain('it is not known where it changes to');
    return found;
  }

  /** What a program sees, with what stands in front of it. */
  environment(own: Iterable<[string, string]>): Map<string, string> {
    const exported = [...this.#values].filter(([name]) => this.#exported.has(name));
    return new Map([...exported, ...own]);
  }
}
