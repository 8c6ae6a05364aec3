import { expand, expandText, expandWords } from '../../dockerfile/expand.ts';
import type { Instruction } from '../../dockerfile/types.ts';
import type { HistoryEntry, Image, ImageConfig, Layer, Platform, RunConfig } from '../../image/types.ts';
import { argValues } from '../plan/scope.ts';
import type { Shared } from '../shared.ts';
import { layerOf } from '../store/layers.ts';
import { keyOf } from '../store/store.ts';
import { type Change, Tree } from '../tree.ts';
import { beginningConfig, scratchConfig } from './config.ts';

/** What a stage begins with. */
export interface Beginning {
  config: RunConfig;
  tree: Tree;
  layers: Promise<Layer>[];
  history: HistoryEntry[];
  key: string;
  platform: Platform;
  author?: string;
  /** The values of ARGs that a stage below declared. */
  args?: ReadonlyMap<string, string>;
  /** Gives the whole tree when `tree` only has what was assumed of the base. */
  wholeBase?: () => Promise<Tree>;
  /** The image at the bottom, if there is one. */
  image?: Image;
  /** What the stages below this one changed on top of the base. */
  changes?: Change[];
  /** How many changes there were after each RUN. */
  runEnds?: number[];
}

/** A stage while it is built: file system, configuration and the layers so far. The next stage may begin with it. */
export class StageState implements Beginning {
  config: RunConfig;
  readonly tree: Tree;
  readonly layers: Promise<Layer>[];
  readonly history: HistoryEntry[];
  readonly platform: Platform;
  readonly wholeBase?: () => Promise<Tree>;
  readonly image?: Image;
  readonly changes: Change[];
  readonly runEnds: number[];
  key: string;
  author?: string;
  hasCmd = false;
  /** The values of ARGs that no ENV replaced. */
  readonly args: Map<string, string>;
  readonly #shared: Shared;
  readonly #published: boolean;

  constructor(shared: Shared, beginning: Beginning, published: boolean) {
    this.#shared = shared;
    this.#published = published;
    this.config = beginningConfig(beginning.config);
    this.args = new Map(beginning.args);
    this.tree = beginning.tree.clone();
    this.layers = [...beginning.layers];
    this.history = [...beginning.history];
    this.platform = beginning.platform;
    this.key = beginning.key;
    this.changes = [...(beginning.changes ?? [])];
    this.runEnds = [...(beginning.runEnds ?? [])];
    if (beginning.wholeBase !== undefined) this.wholeBase = beginning.wholeBase;
    if (beginning.image !== undefined) this.image = beginning.image;
    if (beginning.author !== undefined) this.author = beginning.author;
  }

  /** The value of a variable: ENV's or ARG's, whichever came last. */
  lookup = (name: string): string | undefined => this.args.get(name) ?? this.env.get(name);

  get env(): Map<string, string> {
    return new Map((this.config.Env ?? []).map((entry) => splitAt(entry, entry.indexOf('='))));
  }

  /** What a RUN sees: predefined build args, ARGs, ENV. */
  get runEnvironment(): Map<string, string> {
    return new Map([...this.#shared.args.predefined(), ...this.env, ...this.args]);
  }

  /** The ARGs and ENV alone, as cache keys know them. */
  get keyedEnvironment(): [string, string][] {
    return [...new Map([...this.env, ...this.args])].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  expand(word: string, line: number): string {
    const { dockerfile } = this.#shared;
    return expand(word, this.lookup, dockerfile.escapeChar, { file: dockerfile.name, line });
  }

  expandWords(word: string, line: number): string[] {
    const { dockerfile } = this.#shared;
    return expandWords(word, this.lookup, dockerfile.escapeChar, { file: dockerfile.name, line });
  }

  /** The text of a here-document, which `COPY <<name` writes. */
  expandText(text: string, line: number): string {
    return expandText(text, this.lookup, { file: this.#shared.dockerfile.name, line });
  }

  declare(instruction: Instruction & { keyword: 'ARG' }): void {
    const values = argValues(instruction, { ...this.#shared, lookup: this.lookup });
    for (const [name, value] of values) this.args.set(name, value);
  }

  /** An instruction that only changed the configuration. */
  recordConfiguration(instruction: Instruction): void {
    this.key = keyOf(this.key, instruction.keyword, this.config);
    this.#remember(instruction, true);
  }

  /**
   * A step whose changes are in the tree already. Its layer is made while the build goes on; a step that changed
   * nothing has none.
   */
  recordChanges(instruction: Instruction, changes: Change[], key: string): void {
    this.key = key;
    for (const change of changes) this.changes.push(change);
    if (instruction.keyword === 'RUN') this.runEnds.push(this.changes.length);
    this.#remember(instruction, changes.length === 0);
    if (!this.#published || changes.length === 0) return;
    const { store, noCache, times, background } = this.#shared;
    const { signal } = background;
    this.layers.push(background.add(layerOf(changes, this.tree, store, { noCache, times, signal })));
  }

  #remember({ text }: Instruction, isEmpty: boolean): void {
    const created = new Date(this.#shared.epoch * 1000).toISOString().replace('.000Z', 'Z');
    this.history.push({
      created,
      created_by: `${text} # fairlead`,
      ...(isEmpty ? { empty_layer: true } : {}),
    });
  }
}

function splitAt(text: string, at: number): [string, string] {
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `FROM scratch`. */
export function scratchBeginning(platform: Platform): Beginning {
  const tree = new Tree();
  return {
    config: scratchConfig(),
    tree,
    layers: [],
    history: [],
    key: keyOf('scratch', platform),
    platform,
  };
}

/** What an image's configuration lets a stage inherit. */
export function inherited(config: ImageConfig): Pick<Beginning, 'config' | 'history' | 'author'> {
  const { author, history = [] } = config;
  return { config: config.config ?? {}, history, ...(author === undefined ? {} : { author }) };
}
