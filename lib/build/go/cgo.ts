import type { Platform } from '../../image/types.ts';
import { NotPlain } from './shell.ts';

/** What makes binaries that are kept. */
const BUILDS = ['build', 'install'];

/** `go list` answers a package of the build with C in it in such a line; what Go itself brings does without C as well. */
const MARK = 'cgo: ';
const FORMAT = `{{if and .CgoFiles (not .Standard)}}${MARK}{{.ImportPath}}{{end}}`;

/**
 * Whether go uses cgo by itself in a stage with a C compiler, as the images of Go are: where nothing says otherwise, and
 * what is built is for the stage's own platform (`go help environment`, CGO_ENABLED).
 */
export function isCgoOn(
  [command = '']: readonly string[],
  variables: ReadonlyMap<string, string>,
  { architecture }: Platform,
): boolean {
  const isOwn = (name: string, own: string) => (variables.get(name) || own) === own;
  const isSaid = (variables.get('CGO_ENABLED') ?? '') !== '';
  return BUILDS.includes(command) && !isSaid && isOwn('GOOS', 'linux') && isOwn('GOARCH', architecture);
}

/** The arguments that list, for `go build` or `go install` with `args`, the packages with C in them. Pure. */
export function cgoListArguments([, ...args]: readonly string[]): string[] {
  const kept = args.filter((arg, at) => !/^--?o(=|$)/s.test(arg) && !/^--?o$/.test(args[at - 1] ?? ''));
  // It has to be the first flag.
  const change = /^--?C=/.test(kept[0] ?? '') ? 1 : /^--?C$/.test(kept[0] ?? '') ? 2 : 0;
  return ['list', ...kept.slice(0, change), '-deps', '-e', '-f', FORMAT, ...kept.slice(change)];
}

/**
 * Throws NotPlain when a package that is built has C in it: without cgo Go leaves those files out, so that the build
 * would fail, or end well with what the package has for this case, such as a database that refuses to be opened.
 */
export async function refuseCgo(
  list: (onLine: (line: string) => void) => Promise<unknown>,
  onOutput: (line: string) => void,
): Promise<void> {
  const found: string[] = [];
  await list((line) => {
    if (line.startsWith(MARK)) found.push(line.slice(MARK.length));
    else if (line.startsWith('go: downloading ')) onOutput(line);
  });
  const [first] = found;
  if (first !== undefined)
    throw new NotPlain(
      `${first} has C in it, which needs a C compiler (or CGO_ENABLED=0, if it can do without)`,
    );
}
