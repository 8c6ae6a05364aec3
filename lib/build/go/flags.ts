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
  if (name === 'buildvcs' && inline !== 'false' && inline !== 'auto')
    throw new NotPlain('it has the flag -buildvcs');
  if (name === 'buildmode' && value !== undefined && !['exe', 'default', 'pie', 'archive'].includes(value)) {
    throw new NotPlain(`-buildmode=${value} needs a C compiler`);
  }
  const allowed = TOOL_FLAGS[name];
  if (allowed !== undefined && value !== undefined) checkToolFlags(name, value, allowed);
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
