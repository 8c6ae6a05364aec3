import type { Dockerfile } from '../../dockerfile/types.ts';

/** The earlier stage that `name` (or a number) means, as seen from stage `before`. */
export function stageOf(name: string, before: number, { stages }: Dockerfile): number | undefined {
  const earlier = stages.slice(0, before);
  const found = earlier.find((stage) => stage.name === name.toLowerCase())?.index;
  if (found !== undefined) return found;
  return /^\d+$/.test(name) && Number(name) < before ? Number(name) : undefined;
}
