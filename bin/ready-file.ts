import { constants } from 'node:fs';
import { access, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** What a ready file says. */
export interface Ready {
  git: string;
  /** Where other kinds of git hosts take pushes, by their kind. */
  hosts: Readonly<Record<string, string>>;
  registry: string;
  kubeconfig: string;
  webhook: string;
  pid: number;
}

/** The file by which scripts learn that a cloud is up, and where. It is there only while that cloud is. */
export class ReadyFile {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Sees to it, before anything is started, that `path` can be written, and takes away what an earlier cloud left there:
   * whoever waits for the file must not read of that one.
   * @param from the folder that `path` is relative to
   */
  static async prepare(path: string, from: string): Promise<ReadyFile> {
    const absolute = resolve(from, path);
    const folder = dirname(absolute);
    const fail = (why: string) => new Error(`--ready-file ${path}: ${why}`);
    if (!(await isFolder(folder))) throw fail(`there is no folder ${folder}; make it first`);
    if (await isFolder(absolute)) throw fail('it is a folder; name a file');
    await access(folder, constants.W_OK).catch(() => {
      throw fail(`the folder ${folder} may not be written to`);
    });
    await rm(absolute, { force: true });
    return new ReadyFile(absolute);
  }

  /** Renamed into place, so that nobody reads half of it. */
  async write(ready: Ready): Promise<void> {
    const part = `${this.#path}.${process.pid}.part`;
    await writeFile(part, JSON.stringify(ready));
    await rename(part, this.#path);
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}
