import { NotPlain } from './shell.ts';

/**
 * The flags that a go command may have in the function engine. Others would run programs (-toolexec, -exec, -vettool),
 * read or write files outside of the stage (-overlay, -pkgdir, -debug-trace), or need what a function has not.
 */
const FLAGS = new Set(
  (
    'a v x n p o C asmflags gcflags ldflags buildmode buildvcs compiler installsuffix mod modcacherw modfile tags ' +
    'trimpath json f m u t e find deps test retracted versions go compat diff droprequire require replace exclude ' +
    'retract module fmt print h help race msan asan'
  ).split(' '),
);

/** What of -ldflags, -gcflags and -asmflags only changes the code; most others write files, or run a linker. */
const TOOL_FLAGS: Record<string, RegExp> = {
  ldflags: /^-(s|w|v|X|X=.*|buildid(=.*)?|compressdwarf(=.*)?|extldflags(=.*)?)$/s,
  gcflags: /^-(N|l|e|m|S|B|C|l=\d+|m=\d+|c=\d+|dwarf(=.*)?|dwarflocationlists(=.*)?|lang=.*|spectre=.*)$/s,
  asmflags: /^-(S|D|D=.*|spectre=.*)$/s,
};

/** Those of TOOL_FLAGS that take the next word. */
const TAKES_NEXT = ['-X', '-extldflags', '-buildid', '-D'];

const C_FLAGS = ['race', 'msan', 'asan'];

/**
 * Throws NotPlain for an argument of go that the function engine must not pass on. `null` stands for an argument with
 * a variable in it, which is checked when it is known. `next` is the argument after it.
 */
export function checkGoFlag(arg: string | null, next: string | null = null): void {
  const flag = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(arg ?? '');
  if (flag === null) return;
  const [, name = '', inline] = flag;
  if (!FLAGS.has(name)) throw new NotPlain(`it has the flag -${name}`);
  const value = inline ?? next ?? undefined;
  if (C_FLAGS.includes(name) && inline !== 'false') throw new NotPlain(`-${name} needs a C compiler`);
  if (name === 'compiler' && value !== 'gc') throw new NotPlain(`it has the flag -compiler ${value}`);
  // Else git runs, and whatever the configuration of a repository in the stage tells it to run.
  if (name === 'buildvcs' && inline !== 'false') throw new NotPlain('it has the flag -buildvcs');
  if (name === 'buildmode' && value !== undefined && !['exe', 'default', 'pie', 'archive'].includes(value)) {
    throw new NotPlain(`-buildmode=${value} needs a C compiler`);
  }
  const allowed = TOOL_FLAGS[name];
  if (allowed !== undefined && value !== undefined) checkToolFlags(name, value, allowed);
}

/** Flags whose value is a path. In an argument it is mapped; in GOFLAGS it is not. */
const PATH_FLAGS = ['o', 'C', 'modfile'];

/**
 * The flags in a GOFLAGS. Throws NotPlain for what {@link checkGoFlag} refuses and for what names a path; and for all
 * that is not plain ASCII, since Go takes more characters for blanks than one sees.
 */
export function goFlags(text: string): string[] {
  const flags = text.split(/[ \t]+/).filter((flag) => flag !== '');
  for (const flag of flags) {
    const name = /^--?([A-Za-z][\w-]*)(=[\x21-\x7e]*)?$/.exec(flag)?.[1];
    if (name === undefined) throw new NotPlain('GOFLAGS has what is no plain flag');
    if (PATH_FLAGS.includes(name)) throw new NotPlain(`GOFLAGS has the flag -${name}`);
    checkGoFlag(flag);
  }
  return flags;
}

function checkToolFlags(name: string, value: string, allowed: RegExp): void {
  // `all=-N -l`: the packages that the flags are for.
  const words = split(value.replace(/^[^-\s=]+=/, ''));
  for (let i = 0; i < words.length; i++) {
    const word = (words[i] as string).replace(/^--/, '-');
    if (!allowed.test(word)) throw new NotPlain(`-${name} has ${word.split('=')[0]}`);
    if (TAKES_NEXT.includes(word)) i++;
  }
}

/** As cmd/internal/quoted does: blanks part words, and a word that begins with a quote ends with it. */
function split(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    (found) => found[1] ?? found[2] ?? found[3] ?? '',
  );
}
