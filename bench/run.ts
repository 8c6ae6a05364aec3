// `npm run bench -- NAME`: measures one thing against named peers, and prints a table for RESULTS.md.
import { messageOf } from '../lib/errors.ts';

const BENCHES: Record<string, () => Promise<{ main(): Promise<void> }>> = {
  'push-to-live': () => import('./push-to-live.ts'),
  build: () => import('./build.ts'),
  rollout: () => import('./rollout.ts'),
  idle: () => import('./idle.ts'),
  scale: () => import('./scale.ts'),
  lambda: () => import('./lambda.ts'),
};

const name = process.argv[2] ?? '';
const load = BENCHES[name];
if (load === undefined) {
  console.error(`npm run bench -- NAME, where NAME is one of: ${Object.keys(BENCHES).join(', ')}`);
  process.exitCode = 2;
} else {
  await (await load()).main().catch((error) => {
    console.error(`bench ${name}: ${messageOf(error)}`);
    process.exitCode = 1;
  });
}
