import { readFileSync, readlinkSync } from 'node:fs';
import { probeSandbox, type SandboxAbility } from '../../sandbox/ability.ts';
import { keyOf, type Store, writeWhole } from '../store/store.ts';

/** Machine-bound: never shared. */
const KIND = 'abilities';

/** ms; a program of the machine that the sandbox needs may go, and then a RUN would fail for it. */
const LASTING = 60 * 60 * 1000;

interface Remembered {
  ability: SandboxAbility;
  /** ms since 1970 */
  at: number;
}

/**
 * Whether there is a sandbox, as it was found out by trying within the last hour by a process with the same rights: it
 * takes longer than a build in which nothing has changed. What is missing is tried anew each time, because it is what
 * people see to.
 */
export async function rememberedAbility(
  store: Store,
  probe: (directory: string) => Promise<SandboxAbility> = probeSandbox,
  now = Date.now(),
): Promise<SandboxAbility> {
  const rights = rightsOfProcess();
  if (rights === undefined) return await probe(store.directory);
  const key = keyOf('sandbox', rights);
  const known = await store.own<Remembered>(KIND, key);
  if (known !== undefined && now - known.at < LASTING) return known.ability;
  const ability = await probe(store.directory);
  if (isWhole(ability)) writeWhole(store.path(KIND, `${key}.json`), JSON.stringify({ ability, at: now }));
  return ability;
}

function isWhole(ability: SandboxAbility): boolean {
  if (!ability.able || ability.overlay !== 'volatile') return false;
  return ability.as === 'user' || ability.network === 'own';
}

/** What it depends on that is not the disk: this start of the kernel, and who we are to it (proc(5), `status`). */
function rightsOfProcess(): string[] | undefined {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return [
      readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'),
      ...status.split('\n').filter((line) => /^(Uid|Gid|CapEff|CapBnd|NoNewPrivs|Seccomp):/.test(line)),
      ...['mnt', 'net', 'user'].map((name) => readlinkSync(`/proc/self/ns/${name}`)),
    ];
  } catch {
    return undefined;
  }
}
