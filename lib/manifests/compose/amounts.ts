const DURATION = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?(?:(\d+)us)?$/;

/** Seconds, rounded up, of a duration like `1m30s` (Compose Specification, "Specifying durations"). */
export function secondsOf(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const [all, hours, minutes, seconds, ms, us] = DURATION.exec(text) ?? [];
  if (all === undefined || all === '') return undefined;
  const total =
    Number(hours ?? 0) * 3600 +
    Number(minutes ?? 0) * 60 +
    Number(seconds ?? 0) +
    Number(ms ?? 0) / 1000 +
    Number(us ?? 0) / 1_000_000;
  return Math.ceil(total);
}

const UNITS: Record<string, string> = {
  '': '',
  b: '',
  k: 'Ki',
  kb: 'Ki',
  m: 'Mi',
  mb: 'Mi',
  g: 'Gi',
  gb: 'Gi',
};

/** An amount of bytes like `64m` as Kubernetes writes it: `64Mi` (Compose Specification, "Specifying byte values"). */
export function quantityOf(text: string): string | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text) ?? [];
  const suffix = UNITS[unit.toLowerCase()];
  return number === undefined || suffix === undefined ? undefined : `${number}${suffix}`;
}

/** Processors like `0.5` as Kubernetes writes them: `500m`. */
export function cpuOf(text: string): string | undefined {
  if (!/^\d+(\.\d+)?$/.test(text)) return undefined;
  const thousandths = Math.max(1, Math.round(Number(text) * 1000));
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}
