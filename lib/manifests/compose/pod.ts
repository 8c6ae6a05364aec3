import { secondsOf } from './amounts.ts';
import { environmentOf, pairsOf } from './environment.ts';
import { mountConfigs, mountSecrets } from './files.ts';
import { readinessOf } from './health.ts';
import { bad, literally, type Making, notice } from './making.ts';
import type { Port } from './ports.ts';
import { resourcesOf } from './resources.ts';
import { wordsOf } from './words.ts';

/** Seconds that a container has to end (Compose Specification, "stop_grace_period"). */
const GRACE = 10;
/** Seconds that it goes on serving before it hears of its end, as in lib/release/deployment.ts. */
const DRAIN = 5;

/** The specification of a service's pods. Its volumes have been mounted before. */
export async function podSpecOf(making: Making, image: string, ports: readonly Port[]) {
  await mountConfigs(making);
  mountSecrets(making);
  const { said } = making;
  const grace = said.stop_grace_period === undefined ? GRACE : secondsOf(said.stop_grace_period);
  if (grace === undefined)
    throw bad(making, 'stop_grace_period', `is no duration: ${said.stop_grace_period}`, 'write it like 30s');
  const drains = ports.length > 0;
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: grace + (drains ? DRAIN : 0),
    ...(said.hostname !== undefined && { hostname: said.hostname }),
    ...hostAliases(making),
    securityContext: podSecurity(making),
    containers: [
      {
        name: making.name,
        image,
        ...commandOf(making),
        ...(said.working_dir !== undefined && { workingDir: said.working_dir }),
        env: await environmentOf(making),
        ports: ports.map(({ target, protocol }) => ({ containerPort: target, protocol })),
        resources: resourcesOf(making),
        ...pullPolicy(making),
        ...probe(making, ports),
        ...(drains && { lifecycle: { preStop: { sleep: { seconds: DRAIN } } } }),
        ...(said.stdin_open && { stdin: true }),
        ...(said.tty && { tty: true }),
        securityContext: containerSecurity(making),
        ...(making.mounts.length > 0 && { volumeMounts: making.mounts }),
      },
    ],
    ...(making.volumes.length > 0 && { volumes: making.volumes }),
  };
}

function probe(making: Making, ports: readonly Port[]) {
  const readinessProbe = readinessOf(making, ports);
  return readinessProbe === undefined ? {} : { readinessProbe };
}

/** Compose's entrypoint is Kubernetes' command, and its command is args. */
function commandOf(making: Making): { command?: string[]; args?: string[] } {
  const command = wordsAt(making, 'entrypoint');
  const args = wordsAt(making, 'command');
  return { ...(command && { command }), ...(args && { args }) };
}

function wordsAt(making: Making, key: 'command' | 'entrypoint'): string[] | undefined {
  const said = making.said[key];
  if (said === undefined || said === null) return undefined;
  const words = typeof said === 'string' ? wordsOf(said) : said;
  if (words === undefined) throw bad(making, key, 'has a quote that is not closed');
  if (words.length === 0) throw bad(making, key, 'is empty', 'leave it out, or name the program');
  return words.map(literally);
}

function podSecurity(making: Making) {
  const { user, group_add: groups } = making.said;
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(user ?? '') ?? [];
  if (user !== undefined && uid === undefined)
    throw bad(
      making,
      'user',
      `is ${user}`,
      'write its number, like "1000:1000": a cluster does not look into the image for names',
    );
  if (groups?.some((group) => !/^\d+$/.test(group)))
    throw bad(making, 'group_add', 'has a group that is no number');
  return {
    seccompProfile: { type: 'RuntimeDefault' },
    ...(uid !== undefined && { runAsUser: Number(uid) }),
    ...(gid !== undefined && { runAsGroup: Number(gid) }),
    ...(groups !== undefined && { supplementalGroups: groups.map(Number) }),
  };
}

function containerSecurity(making: Making) {
  const { cap_add: add, cap_drop: drop, read_only: readOnly, security_opt: options = [] } = making.said;
  for (const option of options.filter((each) => !/^no-new-privileges([:=]true)?$/.test(each)))
    notice(making, 'security_opt', `${option} is left out`);
  const names = (list: string[]) => list.map((name) => name.toUpperCase().replace(/^CAP_/, ''));
  return {
    ...(options.some((each) => each.startsWith('no-new-privileges')) && { allowPrivilegeEscalation: false }),
    ...(readOnly && { readOnlyRootFilesystem: true }),
    ...((add ?? drop) !== undefined && {
      capabilities: { ...(add && { add: names(add) }), ...(drop && { drop: names(drop) }) },
    }),
  };
}

function hostAliases(making: Making) {
  const said = making.said.extra_hosts;
  if (said === undefined) return {};
  // In a list, `name:address` is as good as `name=address`.
  const pairs = Array.isArray(said) ? said.map((entry) => entry.replace(/[=:]/, '=')) : said;
  return {
    hostAliases: pairsOf(pairs).map(([name, address = '']) => {
      const ip = address.replace(/^\[(.*)\]$/, '$1');
      if (!/^[0-9a-f.:]+$/i.test(ip))
        throw bad(making, 'extra_hosts', `has ${name} at ${address}, which is no address`);
      return { ip, hostnames: [name] };
    }),
  };
}

function pullPolicy(making: Making) {
  switch (making.said.pull_policy) {
    case 'always':
      return { imagePullPolicy: 'Always' };
    case 'missing':
    case 'if_not_present':
      return { imagePullPolicy: 'IfNotPresent' };
    case undefined:
      return {};
    default:
      notice(making, 'pull_policy', `${making.said.pull_policy} is left out`);
      return {};
  }
}
