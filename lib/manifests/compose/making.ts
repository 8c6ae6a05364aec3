import type { KubernetesObject } from '../../release/types.ts';
import type { Checkout } from '../checkout.ts';
import { fault } from '../fault.ts';
import type { Composed } from './file.ts';
import type { ComposeService } from './schema.ts';

/** One service on its way to be a Deployment, and what is found on that way. */
export interface Making {
  checkout: Checkout;
  composed: Composed;
  app: string;
  name: string;
  said: ComposeService;
  /** Whether its image is the app's. */
  isOwn: boolean;
  volumes: Record<string, unknown>[];
  mounts: Record<string, unknown>[];
  /** What its pods need: ConfigMaps, claims. */
  objects: KubernetesObject[];
}

/** Text of a service that cannot be understood. `key` is its path below the service. */
export function bad({ composed, name }: Making, key: string, cause: string, remedy?: string) {
  return fault(
    'bad-compose',
    composed.at('services', name, ...key.split('.')),
    `services.${name}.${key} ${cause}`,
    remedy,
  );
}

export function notice({ composed, name }: Making, key: string, what: string): void {
  composed.notices.push(`services.${name}.${key} ${what}`);
}

/** Labels that tell the pods of one service from those of the others. */
export function labelsOf({ app, name }: Pick<Making, 'app' | 'name'>): Record<string, string> {
  return { 'app.kubernetes.io/part-of': app, 'app.kubernetes.io/component': name };
}

/** What `$(NAME)` means to the kubelet, it does not mean in a compose file. */
export function literally(text: string): string {
  return text.replaceAll('$(', () => '$$(');
}
