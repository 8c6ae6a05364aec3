/** What keeps the stand-in cluster from running, and what its user can do about it. */
export class ClusterError extends Error {
  constructor(cause: string, remedy: string) {
    super(`${cause}; ${remedy}`);
    this.name = 'ClusterError';
  }
}
