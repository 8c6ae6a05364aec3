import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Toolchain } from '../../../build/go/toolchain.ts';
import { Registries } from '../../../registry/registries.ts';
import { checkOut } from '../../../source/codecommit/checkout.ts';
import type { Forge } from '../../../source/forge.ts';
import { forgeOf } from '../../../source/forge-of.ts';
import { buildCommit, fetchCommit } from '../../commit.ts';
import type { Order } from '../protocol.ts';
import type { Carry } from './builds.ts';

export interface CarrySettings {
  cacheDir: string;
  toolchain?: Toolchain;
}

/** Carries orders out on this machine: fetches the commit, builds it with a sandbox, publishes the image. */
export function carryOut({ cacheDir, toolchain }: CarrySettings): Carry {
  return async (order, onEvent, signal) => {
    const directory = await mkdtemp(join(tmpdir(), 'fairlead-commit-'));
    try {
      const commit = await fetchCommit(order, sourceOf(order), directory, onEvent);
      const settings = {
        cacheDir,
        registries: registriesOf(order),
        platform: order.platform,
        network: order.network,
        requireIsolatedNetwork: order.isolation === 'required',
        signal,
        ...(toolchain === undefined ? {} : { toolchain }),
      };
      return await buildCommit(commit, order, settings, onEvent);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  };
}

function sourceOf({ repository: { host }, source: { apiUrl, token } }: Order): Forge {
  return forgeOf(host, { apiUrl, checkOut, ...(token === undefined ? {} : { token: async () => token }) });
}

/** Made for each build: they remember what its credentials gave them. */
function registriesOf({ registries: { mirrors, insecure, credentials }, network }: Order): Registries {
  return new Registries({
    network,
    mirrors,
    insecure,
    credentials: async (asked) => {
      const found = credentials.find(({ host }) => host === asked);
      if (found === undefined) return undefined;
      if ('token' in found) return { token: found.token };
      const { username, password, unasked } = found;
      return { username, password, ...(unasked && { unasked }) };
    },
  });
}
