import { nextWait } from './back-off.ts';
import type { LocalImage } from './images/image-store.ts';
import { defaultPullPolicy, InvalidImageName } from './images/reference.ts';
import { pause } from './pause.ts';
import type { PodContext } from './pod-context.ts';
import type { Container } from './types.ts';

/** How long a failed pull is shown as ErrImagePull before it is ImagePullBackOff. */
const shownMs = 1_000;

/**
 * Gets the container's image as its pull policy says, trying again until it is there, with kubelet's events.
 * @param waiting told the reason for which the container waits meanwhile
 * @returns undefined when the pod is to end
 */
export async function obtainImage(
  context: PodContext,
  { name, image, imagePullPolicy }: Container,
  waiting: (reason: string, message?: string) => void,
): Promise<LocalImage | undefined> {
  const { images, stopping, tell, backOff } = context;
  let waitMs = 0;
  while (!stopping.aborted) {
    try {
      const policy = imagePullPolicy ?? defaultPullPolicy(image);
      const present = policy === 'Always' ? undefined : images.get(image);
      if (present) {
        tell('Normal', 'Pulled', `Container image "${image}" already present on machine`, name);
        return present;
      }
      if (policy === 'Never') return await refuse(context, name, image, waiting);
      tell('Normal', 'Pulling', `Pulling image "${image}"`, name);
      const since = performance.now();
      const pulled = await images.pull(image);
      const ms = `${Math.round(performance.now() - since)}ms`;
      const message = `Successfully pulled image "${image}" in ${ms} (${ms} including waiting). Image size: ${pulled.size} bytes.`;
      tell('Normal', 'Pulled', message, name);
      return pulled;
    } catch (error) {
      const reason = error instanceof InvalidImageName ? 'InvalidImageName' : 'ErrImagePull';
      const { message } = error as Error;
      tell(
        'Warning',
        'Failed',
        reason === 'ErrImagePull' ? `Failed to pull image "${image}": ${message}` : message,
        name,
      );
      tell('Warning', 'Failed', `Error: ${reason}`, name);
      waiting(reason, message);
      waitMs = nextWait(waitMs, backOff);
      await pause(Math.min(shownMs, waitMs), stopping);
      if (reason === 'InvalidImageName' || stopping.aborted) return await untilStopped(stopping);
      const backingOff = `Back-off pulling image "${image}"`;
      tell('Normal', 'BackOff', backingOff, name);
      tell('Warning', 'Failed', 'Error: ImagePullBackOff', name);
      waiting('ImagePullBackOff', `${backingOff}: ErrImagePull: ${message}`);
      await pause(waitMs - shownMs, stopping);
    }
  }
  return undefined;
}

function refuse(
  { tell, stopping }: PodContext,
  name: string,
  image: string,
  waiting: (reason: string, message?: string) => void,
): Promise<undefined> {
  const message = `Container image "${image}" is not present with pull policy of Never`;
  tell('Warning', 'ErrImageNeverPull', message, name);
  tell('Warning', 'Failed', 'Error: ErrImageNeverPull', name);
  waiting('ErrImageNeverPull', message);
  return untilStopped(stopping);
}

function untilStopped(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
