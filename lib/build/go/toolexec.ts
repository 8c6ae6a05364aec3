import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { hashFile } from '../store/hash-file.ts';

/** A directory on this machine, and what the Dockerfile calls it. */
export type Rewrite = [onDisk: string, inStage: string];

/**
 * As long as Go's own build ids, and unmistakable. Go's begin with a hash that knows the directory of the sources on
 * this machine, and would make the digest of the image depend on it.
 */
const PLACEHOLDER = 'fairlead-build-id/fairlead-build-id./fairlead-build-id./fairlead-build-id..';

/** The build id stands near the beginning of an executable, in an ELF note and before the first function. */
const SEARCHED_BYTES = 256 * 1024;

/** A file's name, without a directory and without escapes. */
const INCLUDED = '[A-Za-z0-9_][A-Za-z0-9_.-]*';

// Between `#`, `include` and the name there may be comments, over several lines (cmd/asm/internal/lex): whatever could
// be such a directive has to be one that is on one line, with nothing but a comment behind it, or a comment.
const MAY_INCLUDE = '(^|[^A-Za-z0-9_])include[[:space:]]*("|/[*/]|$)';
const PLAIN_INCLUDE = [
  `^[[:space:]]*#[[:space:]]*include[[:space:]]*"${INCLUDED}"[[:space:]]*(//[^*]*|/[*][^*/]*[*]/[[:space:]]*)?$`,
  '^[[:space:]]*//[^*]*$',
].join('|');

/**
 * A script for `go build -toolexec`: the compiler and the assembler then record the paths that the Dockerfile names
 * (by their -trimpath, whose first matching rewrite wins, so that the go command's own go before ours), and the linker
 * a build id that `stampBuildId` replaces. Nothing of it shows in `go version -m`. An assembly file, and what it includes,
 * may only include files beside it: the assembler's complaints would tell what is in others.
 */
export function toolexecScript(rewrites: readonly Rewrite[], goroot: string): string {
  const rules = rewrites.map(([onDisk, inStage]) => `;${onDisk}=>${inStage}`).join('');
  const defaultGoroot = '-X=runtime.defaultGOROOT=';
  return `#!/bin/sh
tool=\${1##*/}
case $tool in compile|asm|link) ;; *) exec "$@" ;; esac
if [ "$2" = -V=full ]; then exec "$@"; fi
if [ "$tool" = asm ]; then
  seen=:
  check() {
    case $seen in *":$1:"*) return ;; esac
    seen=$seen$1:
    if LC_ALL=C grep -E ${quoted(MAY_INCLUDE)} "$1" | LC_ALL=C grep -Eqv ${quoted(PLAIN_INCLUDE)}; then
      echo "$1: includes a file of another directory, which is not allowed here" >&2
      exit 1
    fi
    for name in $(grep -E include "$1" | grep -oE ${quoted(`"${INCLUDED}"`)}); do
      name=\${name#?}
      if [ -f "./\${name%?}" ]; then check "./\${name%?}"; fi
    done
  }
  for word; do
    case $word in
      ${quoted(goroot)}/*) ;;
      *.s) check "$word" ;;
    esac
  done
fi
left=$#
before=
while [ "$left" -gt 0 ]; do
  word=$1
  shift
  left=$((left - 1))
  next=$word
  if [ "$before" = -trimpath ]; then word=$word${quoted(rules)}; fi
  case $tool:$word in
    link:-buildid=*/*/*/*) word=-buildid=${PLACEHOLDER} ;;
    link:${quoted(defaultGoroot + goroot)}) word=${defaultGoroot}/usr/local/go ;;
  esac
  before=$next
  set -- "$@" "$word"
done
exec "$@"
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Gives an executable that was linked by the script the build id that its bytes deserve; other files stay as they are. */
export async function stampBuildId(file: string): Promise<void> {
  const descriptor = openSync(file, 'r+');
  try {
    const head = Buffer.alloc(SEARCHED_BYTES);
    const read = readSync(descriptor, head, 0, SEARCHED_BYTES, 0);
    const places = placesOf(head.subarray(0, read));
    if (places.length === 0) return;
    const { sha } = await hashFile(file);
    const id = buildId(Buffer.from(sha, 'hex').toString('base64url'));
    for (const place of places) writeSync(descriptor, id, place);
  } finally {
    closeSync(descriptor);
  }
}

function placesOf(bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(PLACEHOLDER); at >= 0; at = bytes.indexOf(PLACEHOLDER, at + 1)) places.push(at);
  return places;
}

// Four parts, as the go command writes them (its buildid.go); readers only care that there are slashes between them.
function buildId(hash: string): string {
  const part = hash.slice(0, 17);
  const filler = hash.slice(17, 35);
  return [part, filler, filler, `${part}${hash.slice(35, 37)}`].join('/').padEnd(PLACEHOLDER.length, '-');
}
