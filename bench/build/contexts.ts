import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A build context as every tool gets it. BASE and DEBIAN in the Dockerfiles are images in the registry. */
export interface Context {
  /** By the name of the variant: `tutorial`, and `mounts` where there is one with `RUN --mount=type=cache`. */
  dockerfiles: Record<string, string>;
  /** Writes everything but the Dockerfile into an empty directory. */
  fill(directory: string): void;
  /** Changes one line. */
  edit(directory: string, text: string): void;
  /** The package that the floor compiles, where there is one. */
  goPackage?: string;
  /** Commands run on DEBIAN itself, which everybody then has unpacked before anything is measured. */
  unpacked?: true;
}

/** As in the tutorials of Go and Docker: modules first, then everything, then an image of the program alone. */
function goDockerfile(mount = ''): string {
  return `FROM BASE AS build
WORKDIR /src
COPY go.mod ./
RUN go mod download
COPY . .
RUN ${mount}CGO_ENABLED=0 go build -o /out/app .

FROM scratch
COPY --from=build /out/app /app
EXPOSE 8080
ENTRYPOINT ["/app"]
`;
}

const GO_DOCKERFILES = {
  tutorial: goDockerfile(),
  mounts: goDockerfile('--mount=type=cache,target=/root/.cache/go-build '),
};

function editMain(directory: string, text: string): void {
  replaceIn(join(directory, 'main.go'), /version [^"]*/, `version ${text}`);
}

/** As an editor does it: a new file under the old name, so that the other directories' links stay as they are. */
function replaceIn(path: string, what: RegExp, by: string): void {
  const text = readFileSync(path, 'utf8').replace(what, by);
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

const MODULE = 'module example.com/app\n\ngo 1.19\n';

/** One file that answers HTTP. */
export const SMALL: Context = {
  dockerfiles: GO_DOCKERFILES,
  goPackage: '.',
  edit: editMain,
  fill(directory) {
    writeFileSync(join(directory, 'go.mod'), MODULE);
    writeFileSync(
      join(directory, 'main.go'),
      `package main

import (
	"fmt"
	"log"
	"net/http"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "version 0") })
	log.Fatal(http.ListenAndServe(":8080", nil))
}
`,
    );
  },
};

const PACKAGES = 80;
const FILES = 6;
const FUNCTIONS = 12;

/** What a service of some size imports; nothing that a build would have to fetch. */
const HEAVY = [
  ...[
    'archive/zip',
    'compress/gzip',
    'crypto/tls',
    'crypto/x509',
    'database/sql',
    'encoding/gob',
    'encoding/json',
  ],
  ...['encoding/xml', 'go/parser', 'html/template', 'image/jpeg', 'image/png', 'math/big', 'mime/multipart'],
  ...['net/http', 'net/http/httputil', 'net/http/pprof', 'net/smtp', 'regexp', 'text/template', 'testing'],
];

/** 80 packages of its own, 5,760 functions, and the heavier half of the standard library. */
export const MIDDLE: Context = {
  dockerfiles: GO_DOCKERFILES,
  goPackage: '.',
  edit: editMain,
  fill(directory) {
    writeFileSync(join(directory, 'go.mod'), MODULE);
    const names = Array.from({ length: PACKAGES }, (_, number) => `part${number}`);
    for (const [number, name] of names.entries()) {
      mkdirSync(join(directory, name));
      for (let file = 0; file < FILES; file++)
        writeFileSync(join(directory, name, `file${file}.go`), sourceOf(number, name, file));
    }
    const imports = [
      ...HEAVY.map((path) => `\t_ "${path}"`),
      ...['\t"fmt"'],
      ...names.map((name) => `\t"example.com/app/${name}"`),
    ];
    const calls = names.map((name) => `\tsum += ${name}.F0x0(${name.length})`);
    const main = ['func main() {', '\tsum := 0', ...calls, '\tfmt.Println("version 0", sum)', '}'];
    writeFileSync(
      join(directory, 'main.go'),
      `package main\n\nimport (\n${imports.join('\n')}\n)\n\n${main.join('\n')}\n`,
    );
  },
};

function sourceOf(number: number, name: string, file: number): string {
  const functions = Array.from({ length: FUNCTIONS }, (_, index) => {
    const next = index + 1 < FUNCTIONS ? `F${file}x${index + 1}(n + ${index})` : 'n';
    return `// F${file}x${index} counts.
func F${file}x${index}(n int) int {
	table := map[string]int{"a": ${number}, "b": ${index}, "c": n}
	text := strings.Repeat(fmt.Sprintf("%d-%s", n, "${name}"), ${(index % 5) + 1})
	for _, word := range strings.Split(text, "-") {
		table[word] += len(word)
	}
	keys := make([]string, 0, len(table))
	for key := range table {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return table[keys[0]] + ${next}
}
`;
  });
  return `package ${name}\n\nimport (\n\t"fmt"\n\t"sort"\n\t"strings"\n)\n\n${functions.join('\n')}`;
}

/** Bytes that compress as programs and pages do, by about a half; the same ones for the same seed. */
function bytesOf(seed: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  // xorshift32, of which every second stretch of 32 bytes is repeated text.
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1;
  const text = Buffer.from('the quick brown fox jumps over it');
  for (let at = 0; at < size; at += 64) {
    for (let word = 0; word < 32 && at + word + 4 <= size; word += 4) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      bytes.writeInt32LE(state | 0, at + word);
    }
    text.copy(bytes, at + 32);
  }
  return bytes;
}

/** A site that was built elsewhere: 400 files, 24 MB. */
export const COPY_ONLY: Context = {
  dockerfiles: {
    tutorial: 'FROM scratch\nCOPY site /site\nCOPY page.txt /page.txt\nENTRYPOINT ["/site/f0/0"]\n',
  },
  edit: (directory, text) => replaceIn(join(directory, 'page.txt'), /.*/, text),
  fill(directory) {
    writeTree(join(directory, 'site'), 400, 60_000);
    writeFileSync(join(directory, 'page.txt'), 'page\n');
  },
};

/** 50,000 files, 2 GiB. */
export const BIG: Context = {
  dockerfiles: { tutorial: 'FROM scratch\nCOPY tree /tree\nENTRYPOINT ["/tree/f0/0"]\n' },
  edit: (directory, text) => replaceIn(join(directory, 'tree', 'changing.txt'), /.*/, text),
  fill(directory) {
    writeTree(join(directory, 'tree'), 50_000, 42_950);
    writeFileSync(join(directory, 'tree', 'changing.txt'), 'first\n');
  },
};

function writeTree(directory: string, count: number, size: number): void {
  for (let file = 0; file < count; file++) {
    const folder = join(directory, `f${Math.floor(file / 100)}`);
    if (file % 100 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, String(file)), bytesOf(file, size));
  }
}

const PACKAGES_OF_DEBIAN = [
  'jq',
  'libjq1',
  'libonig5',
  'sqlite3',
  'libsqlite3-0',
  'libreadline8',
  'readline-common',
];

/** Else apt asks the mirror of its lists for what it has here, and waits for it where there is no network. */
const NO_MIRROR = '-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=/dev/null';

/** `RUN apt-get install`, of packages that are in the context: what is measured is no mirror. */
export function aptContext(cache: string): Context {
  return {
    dockerfiles: {
      tutorial: `FROM DEBIAN
COPY debs /debs
RUN apt-get ${NO_MIRROR} install -y --no-install-recommends /debs/*.deb && rm -rf /var/cache/apt /var/log/*
COPY page.txt /page.txt
CMD ["jq", "--version"]
`,
    },
    unpacked: true,
    edit: (directory, text) => replaceIn(join(directory, 'page.txt'), /.*/, text),
    fill(directory) {
      const debs = join(cache, 'debs');
      if (!existsSync(debs)) {
        const fresh = `${debs}.new`;
        rmSync(fresh, { recursive: true, force: true });
        mkdirSync(fresh, { recursive: true });
        execFileSync('apt-get', ['-qq', 'download', ...PACKAGES_OF_DEBIAN], { cwd: fresh });
        renameSync(fresh, debs);
      }
      cpSync(debs, join(directory, 'debs'), { recursive: true });
      writeFileSync(join(directory, 'page.txt'), 'page\n');
    },
  };
}
