import type { Store } from '../../../local/kubernetes/store.ts';

/** Lets the controllers of `store` do all they can do now. */
export async function settled(store: Store): Promise<void> {
  for (let before = ''; before !== store.resourceVersion; ) {
    before = store.resourceVersion;
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}
