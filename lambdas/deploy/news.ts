import type { BakeLook } from '../../lib/bake/types.ts';

/** What has changed from one look at a release that bakes to the next, one line each; first of all, what is not well. */
export function newsOf(before: BakeLook | undefined, look: BakeLook): string[] {
  return [
    ...look.alarms.flatMap(({ name, state, reason }) => {
      const was = before?.alarms.find((alarm) => alarm.name === name)?.state ?? 'OK';
      if (was === state) return [];
      if (state === 'ALARM') return [`alarm ${name} rings${reason === undefined ? '' : `: ${reason}`}`];
      if (state === 'OK') return [`alarm ${name} is quiet`];
      return [state === 'absent' ? `there is no alarm ${name}` : `alarm ${name} has too little data`];
    }),
    ...look.checks.flatMap(({ path, result, message }) => {
      const was = before?.checks.find((check) => check.path === path)?.result ?? 'good';
      return was === result ? [] : [`${path} ${message}`];
    }),
    ...look.restarts.flatMap(({ pod, container, count, reason }) => {
      const was = before?.restarts.find((one) => one.pod === pod && one.container === container)?.count ?? 0;
      return count > was ? [`pod ${pod}: ${reason}`] : [];
    }),
    ...look.trouble.filter((trouble) => !before?.trouble.includes(trouble)),
  ];
}
