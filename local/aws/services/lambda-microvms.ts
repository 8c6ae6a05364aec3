import type { MicroVms } from '../../microvm/start.ts';
import type { Ports } from '../../microvm/tokens.ts';
import type { IdlePolicy, Vm } from '../../microvm/vm.ts';
import { AwsError } from '../error.ts';
import { type Input, list, object, optional, required } from '../input.ts';
import { type Route, restJson } from '../protocol.ts';
import type { Service } from '../service.ts';

/** The one image there is. */
export interface MicroVmImage {
  arn: string;
  version: string;
}

const VM = '/2025-09-09/microvms/(?<microvmIdentifier>[^/]+)';

const ROUTES: readonly Route[] = [
  { method: 'POST', path: /^\/2025-09-09\/microvms$/, action: 'RunMicrovm' },
  { method: 'GET', path: new RegExp(`^${VM}$`), action: 'GetMicrovm' },
  { method: 'DELETE', path: new RegExp(`^${VM}$`), action: 'TerminateMicrovm' },
  { method: 'POST', path: new RegExp(`^${VM}/auth-token$`), action: 'CreateMicrovmAuthToken' },
  { method: 'POST', path: new RegExp(`^${VM}/resume$`), action: 'ResumeMicrovm' },
  { method: 'POST', path: new RegExp(`^${VM}/suspend$`), action: 'SuspendMicrovm' },
];

const LONGEST_LIFE = 28_800;
const LONGEST_PAYLOAD = 16_384;

/**
 * AWS Lambda MicroVMs (API of 2025-09-09), for the VMs of one image. Where this machine lets no process have namespaces
 * it answers like a region without MicroVMs.
 */
export function lambdaMicrovms(vms: MicroVms, image: MicroVmImage): Service {
  const byToken = new Map<string, { vm: Promise<Vm>; asked: string }>();
  const find = (input: Input): Vm => {
    const id = required(input, 'microvmIdentifier');
    const vm = vms.find(id);
    if (vm === undefined)
      throw new AwsError('ResourceNotFoundException', `MicroVM ${id} does not exist`, 404);
    return vm;
  };
  const describe = (vm: Vm, lagMs = vms.lagMs) => ({
    microvmId: vm.id,
    state: vm.state(lagMs),
    endpoint: vm.endpoint,
    imageArn: image.arn,
    imageVersion: image.version,
    startedAt: vm.startedAt.getTime() / 1000,
    maximumDurationInSeconds: vm.maximumDurationInSeconds,
    ...(vm.idlePolicy && { idlePolicy: vm.idlePolicy }),
    ...(vm.reason !== undefined && { stateReason: vm.reason }),
  });
  const resource = () => image.arn;
  const run = async (input: Input) => {
    const token = optional(input, 'clientToken');
    const asked = JSON.stringify(input);
    const known = token === undefined ? undefined : byToken.get(token);
    if (known !== undefined) {
      if (known.asked !== asked)
        throw new AwsError('ConflictException', 'the client token was used with other parameters', 409);
      return describe(await known.vm);
    }
    const vm = runNew(vms, image, input);
    if (token !== undefined) byToken.set(token, { vm, asked });
    // A run that was refused leaves nothing behind that its token would stand for.
    vm.catch(() => token !== undefined && byToken.delete(token));
    return describe(await vm);
  };
  const operations: Service['operations'] = {
    // Whoever runs a VM passes its network connectors on to it, those too that it has when none are named.
    RunMicrovm: { resource, run, also: () => [{ action: 'PassNetworkConnector' }] },
    GetMicrovm: { resource, run: (input) => describe(find(input)) },
    TerminateMicrovm: {
      resource,
      run: (input) => {
        void find(input).terminate();
      },
    },
    SuspendMicrovm: { resource, run: (input) => void expect(find(input), 'RUNNING').suspend() },
    ResumeMicrovm: { resource, run: (input) => void expect(find(input), 'SUSPENDED').resume() },
    CreateMicrovmAuthToken: { resource, run: (input) => authToken(find(input), input) },
  };
  return { iam: 'lambda', protocol: restJson(ROUTES), operations: vms.isolation.able ? operations : {} };
}

async function runNew(vms: MicroVms, image: MicroVmImage, input: Input): Promise<Vm> {
  const asked = required(input, 'imageIdentifier');
  const version = optional(input, 'imageVersion') ?? image.version;
  if (asked !== image.arn || version !== image.version)
    throw new AwsError('ResourceNotFoundException', `MicroVM image ${asked} ${version} does not exist`, 404);
  const runHookPayload = optional(input, 'runHookPayload') ?? '';
  if (Buffer.byteLength(runHookPayload) > LONGEST_PAYLOAD)
    throw invalid(`runHookPayload has more than ${LONGEST_PAYLOAD} bytes`);
  const idlePolicy = idlePolicyOf(input.idlePolicy);
  const vm = await vms.run({
    runHookPayload,
    ...(idlePolicy === undefined ? {} : { idlePolicy }),
    maximumDurationInSeconds: whole(input, 'maximumDurationInSeconds', 1, LONGEST_LIFE, LONGEST_LIFE),
  });
  if (vm !== undefined) return vm;
  throw new AwsError('ServiceQuotaExceededException', 'Too many MicroVMs are running', 402);
}

function idlePolicyOf(value: unknown): IdlePolicy | undefined {
  if (value === undefined || value === null) return undefined;
  const policy = object(value);
  if (typeof policy.autoResumeEnabled !== 'boolean') throw invalid('autoResumeEnabled is required');
  return {
    maxIdleDurationSeconds: whole(policy, 'maxIdleDurationSeconds', 60, LONGEST_LIFE),
    suspendedDurationSeconds: whole(policy, 'suspendedDurationSeconds', 0, LONGEST_LIFE),
    autoResumeEnabled: policy.autoResumeEnabled,
  };
}

function authToken(vm: Vm, input: Input) {
  const minutes = whole(input, 'expirationInMinutes', 1, 60);
  const ports = list(input, 'allowedPorts').map(portsOf);
  if (ports.length === 0) throw invalid('allowedPorts is required');
  if (vm.state() === 'TERMINATED') throw new AwsError('ConflictException', `${vm.id} is terminated`, 409);
  return { authToken: { 'X-aws-proxy-auth': vm.grant(minutes * 60_000, ports) } };
}

function portsOf(value: unknown): Ports {
  const { port, range, allPorts } = object(value);
  if (allPorts !== undefined) return { from: 1, to: 65_535 };
  if (typeof port === 'number') return { from: port, to: port };
  const { startPort: from, endPort: to } = object(range);
  if (typeof from === 'number' && typeof to === 'number') return { from, to };
  throw invalid('allowedPorts: one of port, range and allPorts is required');
}

/** As AWS does, an operation on a VM in another state is a conflict; what the caller was told of it may be old. */
function expect(vm: Vm, state: string): Vm {
  if (vm.state() === state) return vm;
  throw new AwsError('ConflictException', `MicroVM ${vm.id} is ${vm.state()}`, 409);
}

function whole(input: Input, name: string, from: number, to: number, missing?: number): number {
  const value = input[name] ?? missing;
  if (Number.isInteger(value) && (value as number) >= from && (value as number) <= to) return value as number;
  throw invalid(`${name} has to be a whole number from ${from} to ${to}`);
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
