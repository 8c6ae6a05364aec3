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

/** A command in shell form (a script for the stage's SHELL) or in exec form. */
export type Command = { form: 'shell'; script: string } | { form: 'exec'; argv: string[] };

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
  sources: string[];
  destination: string;
  from?: string;
  chown?: string;
  chmod?: string;
}

/** `RUN --mount=type=cache`; other types are refused by the parser. */
export interface CacheMount {
  target: string;
  id?: string;
  readOnly: boolean;
}

export interface RunInstruction extends Place {
  keyword: 'RUN';
  command: Command;
  mounts: CacheMount[];
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
  | (Place & { keyword: 'MAINTAINER'; author: string });
