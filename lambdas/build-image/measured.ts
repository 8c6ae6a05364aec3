import type { BuildAnswer, BuildRequest } from '../../lib/build/request.ts';
import type { EngineName } from '../../lib/engine/types.ts';
import { isPreview } from '../../lib/push/place.ts';
import { measure } from '../../lib/report/measure.ts';
import { METRICS, PREVIEWS } from '../../lib/report/metrics.ts';

/**
 * Measures how long `engine` took for a build that succeeded, which an alarm watches. Builds of previews are counted by
 * themselves: they wake nobody, and the author of a fork's pull request should not be able to.
 */
export function measured(
  engine: EngineName,
  { environment }: Pick<BuildRequest, 'environment'>,
  answer: BuildAnswer,
): BuildAnswer {
  if (answer.outcome !== 'built') return answer;
  const service = environment !== undefined && isPreview(environment) ? PREVIEWS : undefined;
  measure([[METRICS.buildTime, answer.ms]], { engine }, service);
  return answer;
}
