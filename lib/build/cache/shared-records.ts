import type { Layer } from '../../image/types.ts';
import type { Tree } from '../tree.ts';

/**
 * Records that other machines wrote, behind those of this one's store. What cannot be had counts as absent: nothing here
 * fails a build.
 */
export interface SharedRecords {
  /** A record that is not on this machine, or not whole. */
  read(kind: string, key: string): Promise<unknown>;
  /** Told of every record that a build reads or writes. */
  used(kind: string, key: string): void;
  /** Where the bytes of a file of this record are, when they are not on this machine. */
  place(kind: string, key: string, sha: string): Promise<{ layer: Layer; path: string } | undefined>;
  /** A layer of a record, if the repository has it. */
  layer(known: Pick<Layer, 'descriptor' | 'diffID'>): Promise<Layer | undefined>;
  /** Told of every layer that the build makes or takes, with the files in it. */
  holds(layer: Layer, files: Iterable<readonly [sha: string, path: string]>): void;
  /** What a cache mount of this key had on another machine, as far as it is kept. */
  mount(key: string): Promise<Tree | undefined>;
  /** Waits until the folders that Go keeps by itself have what other machines put there. */
  folders(): Promise<void>;
}
