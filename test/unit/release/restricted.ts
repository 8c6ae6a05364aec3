import type { Any } from './making.ts';

/** Pod Security Standards, baseline "Sysctls", as of Kubernetes 1.33. */
const SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/**
 * What a pod's spec breaks of the Pod Security Standard "restricted" (Kubernetes, "Pod Security Standards"), which
 * contains the standard "baseline". `readOnlyRootFilesystem` is not part of it.
 */
export function violations(pod: Any): string[] {
  const found: string[] = [];
  const wants = (holds: boolean, what: string) => holds || found.push(what);
  const context = pod.securityContext ?? {};
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) wants(!pod[field], field);
  for (const { name } of context.sysctls ?? []) wants(SYSCTLS.includes(name), `sysctl ${name}`);
  for (const { name, ...source } of pod.volumes ?? [])
    wants(
      Object.keys(source).every((type) => VOLUMES.includes(type)),
      `volume ${name}`,
    );
  for (const container of [...(pod.initContainers ?? []), ...(pod.containers ?? [])]) {
    const own = container.securityContext ?? {};
    const says = (field: string) => own[field] ?? context[field];
    const of = (what: string) => `${what} of ${container.name}`;
    wants(own.privileged !== true, of('privileged'));
    wants(own.allowPrivilegeEscalation === false, of('allowPrivilegeEscalation'));
    wants(own.capabilities?.drop?.includes('ALL') === true, of('capabilities.drop'));
    for (const added of own.capabilities?.add ?? [])
      wants(added === 'NET_BIND_SERVICE', of(`capability ${added}`));
    wants(says('runAsNonRoot') === true, of('runAsNonRoot'));
    wants(says('runAsUser') !== 0, of('runAsUser'));
    wants(['RuntimeDefault', 'Localhost'].includes(says('seccompProfile')?.type), of('seccompProfile'));
    wants(
      [undefined, 'RuntimeDefault', 'Localhost'].includes(says('appArmorProfile')?.type),
      of('appArmorProfile'),
    );
    wants([undefined, 'Default'].includes(own.procMount), of('procMount'));
    const { type = '', user, role } = says('seLinuxOptions') ?? {};
    const types = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];
    wants(types.includes(type) && !user && !role, of('seLinuxOptions'));
    wants(!says('windowsOptions')?.hostProcess, of('windowsOptions'));
    for (const port of container.ports ?? []) wants(!port.hostPort, of('hostPort'));
    const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'].map((name) => container[name]);
    for (const action of [...probes, container.lifecycle?.preStop, container.lifecycle?.postStart])
      wants(!action?.httpGet?.host && !action?.tcpSocket?.host, of('host of a probe'));
  }
  return found;
}
