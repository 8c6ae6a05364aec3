import type { Repository } from './repository.ts';

/** One push of the demo: what is changed, how the push is to end, and what people are to see then. */
export interface Step {
  title: string;
  /** Prepares the repository and answers what is pushed, as a refspec. */
  prepare(repository: Repository, earlier: readonly string[]): Promise<string>;
  /** The first word of the push's last line. */
  ends: 'live' | 'failed' | 'unchanged';
  /** What the service answers afterwards. */
  answer: string;
  /** What the story has to tell, for a developer to act on. */
  tells: RegExp[];
  /** What the story must not contain: nothing is built or rolled out again. */
  tellsNot?: RegExp;
}

const FIRST = 'Hello from Fairlead, version 1';
/** Another one each time, or the caches of the last demo would have nothing left to show. */
const SECOND = `Hello from Fairlead, version 2 of ${new Date().toTimeString().slice(0, 8)}`;

/** The story of `npm start`. `earlier` holds the commit that each step before has pushed. */
export const STEPS: readonly Step[] = [
  {
    title: 'The first push: from a folder with a Dockerfile to an address that answers',
    prepare: async () => 'main',
    ends: 'live',
    answer: FIRST,
    tells: [/RUN CGO_ENABLED=0 go build/, /sha256:/],
  },
  {
    title: 'One line changes: only what changed is compiled, compressed and sent',
    prepare: async (repository) => {
      await repository.change('main.go', FIRST, SECOND, 'Greet with version 2');
      return 'main';
    },
    ends: 'live',
    answer: SECOND,
    tells: [/CACHED/],
  },
  {
    title: 'A commit that does not compile: the compiler’s line, and the old version keeps answering',
    prepare: async (repository) => {
      await repository.change('main.go', 'Fprintln(w, greeting)', 'Fprintln(w, greting)', 'Misspell a name');
      return 'main';
    },
    ends: 'failed',
    answer: SECOND,
    tells: [/main\.go:\d+:\d+: undefined: greting/],
  },
  {
    title: 'A commit that crashes at start: what the pod logged, and the old version keeps answering',
    prepare: async (repository, earlier) => {
      await repository.restore(earlier[1] ?? 'HEAD');
      await repository.change(
        'main.go',
        'func main() {',
        'func main() {\n\tif os.Getenv("DATABASE_URL") == "" {\n\t\tlog.Fatal("DATABASE_URL is not set")\n\t}',
        'Want a database',
      );
      return 'main';
    },
    ends: 'failed',
    answer: SECOND,
    tells: [/DATABASE_URL is not set/],
  },
  {
    title: 'Back to the commit that is live: nothing to do',
    prepare: async (_, earlier) => `${earlier[1]}:main`,
    ends: 'unchanged',
    answer: SECOND,
    tells: [],
    tellsNot: /RUN CGO_ENABLED=0 go build|rolled out/,
  },
  {
    title: 'The crashing commit again: it is on record as bad, and not tried again',
    prepare: async (_, earlier) => `${earlier[3]}:main`,
    ends: 'failed',
    answer: SECOND,
    tells: [/refused/, /DATABASE_URL is not set|crash|exit/i],
    tellsNot: /RUN CGO_ENABLED=0 go build|rolled out/,
  },
  {
    title: 'A commit that comes up and is not well: it is watched, found out, and taken back at once',
    prepare: async (repository, earlier) => {
      await repository.restore(earlier[1] ?? 'HEAD');
      await repository.write('fairlead.yaml', 'bake: { seconds: 30s, checks: [{ path: /healthz }] }\n');
      await repository.change(
        'main.go',
        'func main() {',
        'func main() {\n\thttp.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {\n\t\thttp.Error(w, "no disk left", http.StatusInternalServerError)\n\t})',
        'Tell how it is',
      );
      return 'main';
    },
    ends: 'failed',
    answer: SECOND,
    tells: [/is live at .* watched for 30 s/, /\/healthz answers 500/, /runs [0-9a-f]{12} again/],
  },
];
