import { mkdirSync } from 'node:fs';
import { removeFolder } from '../lambda/remove-folder.ts';
import { type Isolation, probeIsolation } from './isolation.ts';
import { type IdlePolicy, Vm } from './vm.ts';

export interface MicroVmsOptions {
  /** The disks of VMs; its path is short. Whatever is in it goes. */
  folder: string;
  node: string;
  /** The server that runs in every VM, as esbuild wrote it. */
  entry: string;
  environment: Readonly<Record<string, string>>;
  onLine?: (id: string, line: string) => void;
  /** VMs at once that are not ended. */
  most?: number;
  /** How late states are told. */
  lagMs?: number;
  secondMs?: number;
}

export interface RunRequest {
  runHookPayload: string;
  idlePolicy?: IdlePolicy;
  maximumDurationInSeconds: number;
}

/** All MicroVMs of one image. */
export interface MicroVms {
  isolation: Isolation;
  lagMs: number;
  /** Undefined when there are as many as there may be. */
  run(request: RunRequest): Promise<Vm | undefined>;
  find(id: string): Vm | undefined;
  all(): readonly Vm[];
  close(): Promise<void>;
}

const MOST = 8;

/** MicroVMs on one machine: each a process of its own, with its own disk and endpoint. */
export async function startMicroVms(options: MicroVmsOptions): Promise<MicroVms> {
  const { folder, node, entry, environment, most = MOST, lagMs = 0, secondMs = 1_000 } = options;
  const isolation = await probeIsolation();
  const vms = new Map<string, Vm>();
  await removeFolder(folder);
  mkdirSync(folder, { recursive: true });
  const all = () => [...vms.values()];
  return {
    isolation,
    lagMs,
    run: async (request) => {
      if (!isolation.able || all().filter((vm) => vm.state() !== 'TERMINATED').length >= most)
        return undefined;
      const onLine = (line: string) => options.onLine?.(vm.id, line);
      const vm = new Vm({
        ...request,
        folder,
        node,
        entry,
        environment,
        secondMs,
        flags: isolation.flags,
        onLine,
      });
      vms.set(vm.id, vm);
      await vm.open();
      return vm;
    },
    find: (id) => vms.get(id),
    all,
    close: async () => {
      await Promise.all(all().map((vm) => vm.terminate('the local cloud ended')));
      await removeFolder(folder);
    },
  };
}
