/**
 * A Dockerfile that both builders build. Words stand for what the test serves: the bases of bases.ts (`BASE`, `LAYERED`,
 * `TRIGGERS`, `CONFIGURED`, `GOLANG`), `WEB`, the URL of web.ts, and `COMMIT`, the first commit of its repository.
 */
export interface Case {
  name: string;
  dockerfile: string;
  /** The Dockerfile's name in the context. */
  file?: string;
  /** Whether there is no Dockerfile at all. */
  isAbsent?: boolean;
  /** The context: contents by path, as `Scratch.context` reads them; CONTEXT when it is left out. */
  context?: Record<string, string>;
  /** Puts into the context what no text describes. */
  prepare?: (context: string) => void;
  /** Whether the context has the archives of archives.ts. */
  archives?: boolean;
  buildArgs?: Record<string, string>;
  target?: string;
  /** `linux/arm64`, or several with commas. */
  platform?: string;
  /** Texts of RUN secrets by their id. */
  secrets?: Record<string, string>;
  /** Where we differ, and why. Paths are left out of the comparison, configuration by its key. */
  differs?: { files?: RegExp; config?: string[]; because: string };
}

/** What both builders refuse. */
export interface Refused extends Case {
  /** The line that our message names; nothing for what is not about a line. */
  line?: number;
  /** What our message has to say. */
  says: RegExp;
  /** Why the BuildKit that it is compared with takes it. */
  theirs?: string;
}

/** What the BuildKit that is at hand does not know yet, by what has to come out. */
export interface Expected extends Case {
  /** Since when BuildKit has it, or where it says so. */
  lacks: string;
  /** Some of the files, as files.ts describes them; nothing for what must not be there. */
  files?: Record<string, string | undefined>;
  config?: Record<string, unknown>;
}

export const CONTEXT: Record<string, string> = {
  'a.txt': 'a',
  'b.txt': 'bb',
  'c.md': 'c',
  'run.sh': '#!/bin/sh\necho run\n',
  'dir/x': 'x',
  'dir/sub/y': 'y',
  'dir/link': '-> x',
  'dir/dangling': '-> nowhere',
  link: '-> a.txt',
  'linked-dir': '-> dir',
  'empty/': '',
  '[x].txt': 'brackets',
  'deep/one/two/three.txt': '3',
};

/** Without the dangling link, at which BuildKit fails when a wildcard matches a directory above it. */
const { 'dir/dangling': _dangling, ...rest } = CONTEXT;
export const SOUND: Record<string, string> = rest;

/** A case whose name is its Dockerfile's lines from the second on. */
export function one(...text: string[]): Case {
  return { name: text.slice(1).join(' ; ') || text.join(), dockerfile: text.join('\n') };
}

/** A case that has to be refused at `line`, in words like `says`. */
export function refused(line: number | undefined, says: RegExp, ...text: string[]): Refused {
  const name = text.join(' ; ') || 'an empty Dockerfile';
  return { name, dockerfile: text.join('\n'), says, ...(line === undefined ? {} : { line }) };
}
