/** A parsed Dockerfile. Values still hold their `$variables`: what they are depends on the base and the build args. */
export interface Dockerfile {
  /** How errors call it: `Dockerfile`, `docker/app.Dockerfile`. */
  name: string;
  /** The escape character that the directive `# escape=` chose. */
  escapeChar: Escape;
  /** The ARGs before the first FROM. */
  globals: ArgInstruction[];
  stages: Stage[];
  /** The text, line by line, for showing what surrounds a failure. */
  lines: string[];
}

export type Escape = '\\' | '`';

export interface Stage {
  index: number;
  /** The name after AS, in lower case. */
  name?: string;
  from: FromInstruction;
  /** What follows FROM. */
  instructions: Instruction[];
}

/** Where an instruction is, and how it reads with its continuation lines joined. Lines count from 1. */
export interface Place {
  line: number;
  endLine: number;
  text: string;
}

/** A here-document (`<<EOF … EOF`) of a RUN, COPY or ADD. */
export interface Heredoc {
  /** The word after `<<`, without quotes: the script's or the file's name. */
  name: string;
  /** With `<<-`, the leading tabs of its lines are gone already. Ends with a line break unless it is empty. */
  content: string;
  /** Whether `$variables` in it are replaced; not when its name was quoted. */
  expands: boolean;
}

/**
 * A command in shell form (a script for the stage's SHELL) or in exec form. A script whose line has here-documents
 * carries them; `script` is then that line alone, `python3 <<EOF`.
 */
export type Command =
  | { form: 'shell'; script: string; heredocs?: Heredoc[] }
  | { form: 'exec'; argv: string[] };

export interface FromInstruction extends Place {
  keyword: 'FROM';
  image: string;
  platform?: string;
  as?: string;
}

export interface ArgInstruction extends Place {
  keyword: 'ARG';
  args: { name: string; value?: string }[];
}

export interface CopyInstruction extends Place {
  keyword: 'COPY' | 'ADD';
  /** Paths; of ADD also URLs and git references. */
  sources: string[];
  /** Files whose text stands in the Dockerfile itself; they come after `sources`. */
  inlines?: Heredoc[];
  destination: string;
  from?: string;
  chown?: string;
  chmod?: string;
  /** A layer of its own, that looks at nothing below it. */
  link?: boolean;
  /** Keep the directories of each source, from its pivot `/./` on. */
  parents?: boolean;
  /** Patterns of what is left out. */
  exclude?: string[];
  /** Of ADD: what a downloaded file has to be, `sha256:…`, or a git commit. */
  checksum?: string;
  /** Of ADD: keep `.git` of a git source. */
  keepGitDir?: boolean;
  /** Of ADD: whether an archive is unpacked; left out, local ones are and downloaded ones are not. */
  unpack?: boolean;
}

/** `RUN --mount`. Paths may hold variables; relative targets begin at the working directory. */
export type RunMount =
  | {
      type: 'cache';
      target: string;
      id?: string;
      sharing: 'shared' | 'private' | 'locked';
      readOnly: boolean;
      /** A stage or image, and a path in it, that the cache begins with. */
      from?: string;
      source?: string;
      /** Octal digits. */
      mode?: string;
      uid?: string;
      gid?: string;
    }
  | { type: 'bind'; target: string; source?: string; from?: string; readOnly: boolean }
  | { type: 'tmpfs'; target: string /** Bytes. */; size?: number }
  | SecretMount
  | ({ type: 'ssh' } & LentMount);

/** Something of whoever builds, that a RUN has for its own time. */
interface LentMount {
  /** Of a secret, `/run/secrets/<id>` when neither it nor `env` is there. */
  target?: string;
  id?: string;
  required: boolean;
  /** Octal digits. */
  mode?: string;
  uid?: string;
  gid?: string;
}

export interface SecretMount extends LentMount {
  type: 'secret';
  /** The variable that has its text. */
  env?: string;
}

export interface RunInstruction extends Place {
  keyword: 'RUN';
  command: Command;
  mounts: RunMount[];
  network?: 'default' | 'none' | 'host';
  security?: 'sandbox' | 'insecure';
}

export interface HealthcheckInstruction extends Place {
  keyword: 'HEALTHCHECK';
  command: Command | 'none';
  /** The durations in nanoseconds, as the image configuration wants them. */
  interval?: number;
  timeout?: number;
  startPeriod?: number;
  startInterval?: number;
  retries?: number;
}

export type Pairs = [name: string, value: string][];

export type Instruction =
  | ArgInstruction
  | CopyInstruction
  | RunInstruction
  | HealthcheckInstruction
  | (Place & { keyword: 'ENV' | 'LABEL'; pairs: Pairs })
  | (Place & { keyword: 'CMD' | 'ENTRYPOINT'; command: Command })
  | (Place & { keyword: 'WORKDIR'; path: string })
  | (Place & { keyword: 'USER'; user: string })
  | (Place & { keyword: 'EXPOSE'; ports: string[] })
  | (Place & { keyword: 'VOLUME'; paths: string[] })
  | (Place & { keyword: 'STOPSIGNAL'; signal: string })
  | (Place & { keyword: 'SHELL'; argv: string[] })
  | (Place & { keyword: 'MAINTAINER'; author: string })
  /** An instruction, as it is written, that is carried out by the builds on top of this image. */
  | (Place & { keyword: 'ONBUILD'; trigger: string });
