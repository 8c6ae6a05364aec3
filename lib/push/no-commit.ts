/** What git and its hosts write where a ref is not: before it was created, after it was deleted (githooks(5)). */
export const NO_COMMIT = '0'.repeat(40);

/** The same beside `commit`, in a repository of whichever hash. */
export function noneBeside(commit: string): string {
  return '0'.repeat(commit.length);
}
