import { join } from 'node:path';
import { bad, type Making, notice } from './making.ts';

/** What stands for the app's image until it is built. */
export const OWN = 'IMAGE';

/**
 * Whether a service runs what the Dockerfile at the top of the repository makes.
 * @throws FairleadError `manifests/bad-compose` for another build
 */
export function runsOwn(making: Making): boolean {
  const { build, image } = making.said;
  if (build !== undefined) {
    checkBuild(making, typeof build === 'string' ? { context: build } : build);
    return true;
  }
  if (image === undefined) throw bad(making, 'image', 'is missing', 'name an image, or write `build: .`');
  const repository = image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
  return repository === OWN || repository === 'app' || repository.split('/').at(-1) === making.app;
}

interface Build {
  context?: string | undefined;
  dockerfile?: string | undefined;
  target?: string | undefined;
  dockerfile_inline?: string | undefined;
}

const TOP = 'the Dockerfile at the top of the repository is what is built for each push';

function checkBuild(making: Making, build: Build): void {
  const { context = '.', dockerfile = 'Dockerfile', target, dockerfile_inline: inline, ...rest } = build;
  const folder = join(making.composed.folder, context);
  if (/:\/\/|^git@/.test(context)) throw bad(making, 'build', `is of ${context}`, TOP);
  if (
    inline !== undefined ||
    join(folder, dockerfile) !== 'Dockerfile' ||
    (folder !== '.' && folder !== './')
  )
    throw bad(making, 'build', `is of ${join(folder, dockerfile)}`, `${TOP}: give other services an image`);
  if (target !== undefined)
    throw bad(making, 'build', `is of the stage ${target}`, `the last stage of ${TOP}`);
  for (const key of Object.keys(rest))
    notice(making, `build.${key}`, 'is left out: the image is built as the Dockerfile says');
}
