import type { KubernetesObject } from '../release/types.ts';
import { fault } from './fault.ts';
import { type Container, containersOf, type PodTemplate, podTemplateOf } from './pods.ts';

/** What may stand for the app's image in a manifest, with or without a tag. */
const MARKERS = ['IMAGE', 'app'];

/**
 * Which containers run the app's image: those that say `image: IMAGE` or `image: app`; where none does, those whose
 * image's repository ends with the app's name (`registry.example.com/team/APP:1.2`).
 */
export function isOwnImage(
  objects: readonly KubernetesObject[],
  app: string,
): (container: Container) => boolean {
  const images = imagesOf(objects);
  const isMarked = images.some((image) => MARKERS.includes(repositoryOf(image)));
  return ({ image = '' }) => {
    const repository = repositoryOf(image);
    return isMarked ? MARKERS.includes(repository) : repository.split('/').at(-1) === app;
  };
}

/**
 * Makes sure that something runs the app's image.
 * @throws FairleadError `manifests/no-image`
 */
export function requireOwnImage(objects: readonly KubernetesObject[], app: string, place: string): void {
  const isOwn = isOwnImage(objects, app);
  if (templatesOf(objects).some((template) => containersOf(template).some(isOwn))) return;
  const images = [...new Set(imagesOf(objects))];
  const found =
    images.length === 0
      ? 'nothing in them has a container'
      : `their images are ${images.slice(0, 8).join(', ')}`;
  throw fault(
    'no-image',
    place,
    `no container runs the app's image: ${found}`,
    `write \`image: IMAGE\` in the container that is to run what the Dockerfile builds, or name its repository .../${app}`,
  );
}

/** Images that another push may find changed: those of others, named without a digest. */
export function unpinnedImages(objects: readonly KubernetesObject[], app: string): string[] {
  const isOwn = isOwnImage(objects, app);
  const others = templatesOf(objects)
    .flatMap(containersOf)
    .filter((container) => !isOwn(container))
    .flatMap(({ image }) => (image === undefined || image.includes('@sha256:') ? [] : [image]));
  return [...new Set(others)];
}

function templatesOf(objects: readonly KubernetesObject[]): PodTemplate[] {
  return objects.flatMap((object) => podTemplateOf(object) ?? []);
}

function imagesOf(objects: readonly KubernetesObject[]): string[] {
  return templatesOf(objects)
    .flatMap(containersOf)
    .flatMap(({ image }) => (typeof image === 'string' ? [image] : []));
}

/** Without tag and digest. */
function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}
