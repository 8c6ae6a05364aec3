/** The name that an app has from its repository, or why it cannot have one. */
export type AppName = { name: string } | { refused: string };

/** Names what Kubernetes creates by itself (namespaces, "Initial namespaces" and "Naming"). */
const RESERVED = /^(default|kube-.*)$/;

/**
 * An app is called as its repository, in lower case, with one `-` for `_`, `.` and `-` in a row. It names a namespace, a Deployment and
 * a Service, so it has to be a DNS label that starts with a letter (RFC 1035, section 2.3.1; Kubernetes, "Object
 * Names and IDs"). What would need more than that is refused rather than guessed at.
 */
export function appNameOf(repository: string): AppName {
  const name = repository.toLowerCase().replaceAll(/[-_.]+/g, '-');
  if (name.length > 63)
    return { refused: `the repository's name has ${name.length} characters, 63 are allowed` };
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) {
    return {
      refused: `the repository's name makes '${name}', which is not a DNS label that starts with a letter`,
    };
  }
  if (RESERVED.test(name)) return { refused: `'${name}' is a name that the cluster keeps for itself` };
  return { name };
}
