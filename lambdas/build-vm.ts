// What runs in a MicroVM: see lambdas/build-vm.Dockerfile.
import { findToolchain } from '../lib/build/go/toolchain.ts';
import { carryOut } from '../lib/engine/microvm/server/carry.ts';
import { startVmServer } from '../lib/engine/microvm/server/start.ts';
import { buildVmEnvironment } from './env.ts';

/** ms that one build may take; the function deploy gives up on it a little later. */
const LIMIT = 75 * 60_000;

const { listen, listenHooks, cacheDirectory, go } = buildVmEnvironment();
const toolchain = findToolchain(go);
const settings = { cacheDir: cacheDirectory, ...(toolchain === undefined ? {} : { toolchain }) };
await startVmServer({ carry: carryOut(settings), listen, listenHooks, limitMs: LIMIT });
