/** Where a secret is; it is read only when a RUN mounts it, and never kept. */
export type SecretSource = { from: 'file' /** Absolute. */; path: string } | { from: 'value'; value: string };

/** What RUN may mount that no image, key or log holds. */
export interface Confidential {
  /** By the id that `--mount=type=secret` names. */
  secrets: ReadonlyMap<string, SecretSource>;
  /** Sockets of SSH agents by the id that `--mount=type=ssh` names, `default` for one that names none. */
  ssh: ReadonlyMap<string, string>;
}
