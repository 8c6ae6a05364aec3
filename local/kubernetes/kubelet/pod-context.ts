import type { BackOff } from './back-off.ts';
import type { PodFacts } from './downward.ts';
import type { Lookup } from './environment.ts';
import type { ImageStore } from './images/image-store.ts';
import type { Runtime } from './runtime.ts';
import type { Sandbox } from './sandbox.ts';
import type { Pod } from './types.ts';

/** What the containers of one pod have in common. */
export interface PodContext {
  /** As it was when it was started here; its spec does not change. */
  pod: Pod;
  facts: PodFacts;
  /** The pod's namespaces; made anew when they were lost. @throws Error when they cannot be made */
  sandbox(): Promise<Sandbox>;
  images: ImageStore;
  runtime: Runtime;
  lookup: Lookup;
  backOff: BackOff;
  /** The state directory, and in it the pod's own. */
  state: string;
  directory: string;
  /** Aborted once the pod is to end: nothing is started any more. */
  stopping: AbortSignal;
  /** Records an event of the pod, of one container when it is named. */
  tell(type: 'Normal' | 'Warning', reason: string, message: string, container?: string): void;
  /** Some container's status changed. */
  changed(): void;
  /** Resolves when a ConfigMap or Secret of the namespace changed, or the pod is to end. */
  configurationChanged(limitMs: number): Promise<void>;
}
