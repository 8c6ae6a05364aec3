import type { App, Process, Program } from '../app/types.ts';
import type { Context } from './context.ts';
import { configKeys, configMap, secret } from './grounds.ts';

/** The name of a process's port, by which its Service finds it: the number may change from release to release. */
export const PORT_NAME = 'http';

const CONFIG_VOLUME = 'config';

/** Everything of a pod's `spec` but its containers, alike for processes, jobs and cron jobs. */
export function podFields(context: Context) {
  const { app } = context;
  const config = configMap(context)?.metadata.name;
  return {
    serviceAccountName: app.name,
    // A cluster may have nodes of several kinds; on another one the program would not even start.
    ...(app.architecture !== undefined && { nodeSelector: { 'kubernetes.io/arch': app.architecture } }),
    automountServiceAccountToken: false,
    // Variables of other services (`WEB_PORT=tcp://…`) are a relic that breaks programs which read such names.
    enableServiceLinks: false,
    ...podSecurity(app),
    ...(config !== undefined && { volumes: [{ name: CONFIG_VOLUME, configMap: { name: config } }] }),
  };
}

/** What every container of the app's image has. */
export function containerFields(context: Context, name: string, program: Program, port?: number) {
  const mounts = [...configKeys(Object.keys(context.app.config))].map(([mountPath, subPath]) => ({
    name: CONFIG_VOLUME,
    mountPath,
    subPath,
    readOnly: true,
  }));
  return {
    name,
    image: context.image,
    ...(program.command && { command: program.command.map(asWritten) }),
    ...(program.args && { args: program.args.map(asWritten) }),
    env: environmentVariables(context, program, port),
    resources: resources(program),
    ...(mounts.length > 0 && { volumeMounts: mounts }),
  };
}

function environmentVariables(context: Context, { env }: Program, port: number | undefined) {
  const held = secret(context)?.metadata.name;
  const secrets = Object.entries(context.app.secrets).map(([name, reference]) => {
    const kept =
      reference.in === 'kubernetes'
        ? { name: reference.name, key: reference.key }
        : { name: held ?? '', key: name };
    return { name, valueFrom: { secretKeyRef: kept } };
  });
  const plain = Object.entries(env).map(([name, value]) => ({ name, value: asWritten(value) }));
  const others = [...plain, ...secrets].sort((a, b) => (a.name < b.name ? -1 : 1));
  return [...(port === undefined ? [] : [{ name: 'PORT', value: String(port) }]), ...others];
}

/**
 * `text` for a field in which Kubernetes takes `$(NAME)` for a variable's value and `$$` for one dollar (EnvVar,
 * `value`; Container, `command`): a shell and a password mean it as it is written.
 */
function asWritten(text: string): string {
  return /\$[$(]/.test(text) ? text.replaceAll('$', '$$$$') : text;
}

function resources({ resources: { requests, limits } }: Program) {
  return {
    ...(Object.keys(requests).length > 0 && { requests }),
    ...(Object.keys(limits).length > 0 && { limits }),
  };
}

/** Pod Security Standards, "Restricted", but for `runAsNonRoot` where the image's user is not known to be another. */
function podSecurity({ security: { standard, runAs } }: App) {
  const fields = {
    ...(standard === 'restricted' && { seccompProfile: { type: 'RuntimeDefault' } }),
    ...(standard === 'restricted' && runAs !== 'image' && { runAsNonRoot: true }),
    ...(typeof runAs === 'number' && { runAsUser: runAs }),
  };
  return Object.keys(fields).length > 0 ? { securityContext: fields } : {};
}

/** The same for a container. What a low port needs is all that the standard lets it keep. */
export function containerSecurity({ security }: App, { capabilities = [], port }: Partial<Process>) {
  const added = new Set(capabilities);
  if (port !== undefined && port < 1024) added.add('NET_BIND_SERVICE');
  const add = added.size > 0 && { add: [...added].sort() };
  if (security.standard === 'as-is') return add ? { securityContext: { capabilities: add } } : {};
  return {
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'], ...add } },
  };
}
