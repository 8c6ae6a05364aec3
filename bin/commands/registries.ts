import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Mirrors } from '../../lib/registry/mirrors.ts';
import { Registries } from '../../lib/registry/registries.ts';
import { loginsIn } from './docker/logins.ts';

/** The mirrors and hosts of the environment, as the functions have them, and what `docker login` left, or what stands in for it. */
export function registriesFrom(env: NodeJS.ProcessEnv): Registries {
  const directory = env.DOCKER_CONFIG ?? join(homedir(), '.docker');
  const own = env.FAIRLEAD_LOGINS === undefined ? [] : [env.FAIRLEAD_LOGINS];
  return new Registries({
    mirrors: mirrorsFrom(env.REGISTRY_MIRRORS),
    insecure: (env.INSECURE_REGISTRIES ?? '').split(',').filter((host) => host !== ''),
    credentials: loginsIn([...own, join(directory, 'config.json')]),
  });
}

function mirrorsFrom(text: string | undefined): Mirrors {
  if (text === undefined || text === '') return {};
  try {
    return JSON.parse(text) as Mirrors;
  } catch {
    throw new Error('REGISTRY_MIRRORS is not JSON; write it as {"docker.io":"localhost:5000"}');
  }
}
