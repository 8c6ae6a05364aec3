import { ConfigError, expand } from './environment.ts';
import type { ImageConfig } from './images/manifest.ts';
import type { ContainerSpec } from './sandbox.ts';
import type { Container, Pod } from './types.ts';

/** Who a container runs as. */
export type User = Pick<ContainerSpec, 'uid' | 'gid' | 'groups'>;

/**
 * What is executed: `command` replaces the image's entrypoint and its arguments, `args` only the arguments.
 * @throws Error when there is nothing to execute
 */
export function argumentsOf(
  { command = [], args = [] }: Container,
  { config = {} }: ImageConfig,
  variables: ReadonlyMap<string, string>,
): string[] {
  const own = (list: string[]) => list.map((text) => expand(text, variables));
  const entrypoint = command.length > 0 ? own(command) : (config.Entrypoint ?? []);
  const defaults = command.length > 0 ? [] : (config.Cmd ?? []);
  const all = [...entrypoint, ...(args.length > 0 ? own(args) : defaults)];
  if (all.length === 0) throw new Error('no command specified');
  return all;
}

/**
 * The container's user: its own security context, then the pod's, then the image's `USER`.
 * @param files the image's `/etc/passwd` and `/etc/group`, empty where it has none
 * @throws ConfigError when `runAsNonRoot` does not hold or the image's user is unknown
 */
export function userOf(
  container: Container,
  pod: Pod,
  imageUser: string,
  files: { passwd: string; group: string },
): User {
  const { fsGroup, supplementalGroups = [], ...ofPod } = pod.spec.securityContext ?? {};
  const wanted = { ...ofPod, ...container.securityContext };
  const image = lookUp(imageUser, files, container.name);
  const uid = wanted.runAsUser ?? image.uid;
  const gid = wanted.runAsGroup ?? (wanted.runAsUser === undefined ? image.gid : 0);
  if (wanted.runAsNonRoot && uid === 0)
    throw new ConfigError(
      wanted.runAsUser === 0
        ? "container's runAsUser breaks non-root policy"
        : 'container has runAsNonRoot and image will run as root',
    );
  return { uid, gid, groups: [...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])] };
}

/** Resolves `user`, `uid`, `user:group` and so on, as `USER` of a Dockerfile has it. */
function lookUp(text: string, files: { passwd: string; group: string }, container: string) {
  const [user = '', group] = text.split(':');
  if (user === '') return { uid: 0, gid: 0 };
  const line = rows(files.passwd).find(([name, , id]) => name === user || id === user);
  const uid = /^\d+$/.test(user) ? Number(user) : line?.[2];
  if (uid === undefined)
    throw new ConfigError(
      `container ${container}: unable to find user ${user}: no matching entries in passwd file`,
    );
  if (group === undefined) return { uid: Number(uid), gid: Number(line?.[3] ?? 0) };
  const gid = /^\d+$/.test(group) ? group : rows(files.group).find(([name]) => name === group)?.[2];
  if (gid === undefined)
    throw new ConfigError(
      `container ${container}: unable to find group ${group}: no matching entries in group file`,
    );
  return { uid: Number(uid), gid: Number(gid) };
}

function rows(file: string): string[][] {
  return file.split('\n').map((line) => line.split(':'));
}
