import { parseSchedule } from '../../cron-schedule.ts';
import { sameJson } from '../../object.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Draft, Json } from './json.ts';
import { validatePodSpec } from './pod-validation.ts';

/** Source: kubernetes `pkg/apis/batch/validation/validation.go`. */
export function validateJob(spec: Json | undefined, path: string, errors: FieldErrors): void {
  const template = (spec?.template as Json | undefined)?.spec as Json | undefined;
  validatePodSpec(template, `${path}.template.spec`, errors);
  if (template?.restartPolicy === 'Always')
    errors.required(`${path}.template.spec.restartPolicy`, 'valid values: "OnFailure", "Never"');
  for (const field of [
    'parallelism',
    'completions',
    'backoffLimit',
    'activeDeadlineSeconds',
    'ttlSecondsAfterFinished',
  ])
    if (Number(spec?.[field] ?? 0) < 0)
      errors.invalid(`${path}.${field}`, spec?.[field], 'must be greater than or equal to 0');
}

export function validateCronJob({ spec, metadata }: Draft, errors: FieldErrors): void {
  if (metadata.name.length > 52)
    errors.invalid('metadata.name', metadata.name, 'must be no more than 52 characters');
  const { schedule, timeZone, concurrencyPolicy } = (spec ?? {}) as Record<string, string>;
  if (!schedule) errors.required('spec.schedule');
  else if (/TZ/.test(schedule))
    errors.invalid(
      'spec.schedule',
      schedule,
      'cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    );
  else check(() => parseSchedule(schedule), 'spec.schedule', schedule, errors);
  if (timeZone !== undefined)
    check(() => new Intl.DateTimeFormat('en', { timeZone }), 'spec.timeZone', timeZone, errors);
  const policies = ['Allow', 'Forbid', 'Replace'];
  if (!policies.includes(String(concurrencyPolicy)))
    errors.notSupported('spec.concurrencyPolicy', concurrencyPolicy, policies);
  const job = (spec?.jobTemplate as Json | undefined)?.spec as Json | undefined;
  validateJob(job, 'spec.jobTemplate.spec', errors);
}

function check(attempt: () => unknown, field: string, value: string, errors: FieldErrors): void {
  try {
    attempt();
  } catch (error) {
    errors.invalid(field, value, (error as Error).message);
  }
}

/** What a Job does is said once; only how many pods do it at a time, and whether, may change. */
export function validateJobChange({ spec }: Draft, { spec: before }: Draft, errors: FieldErrors): void {
  for (const field of ['completions', 'selector', 'template', 'completionMode'])
    if (!sameJson(before?.[field], spec?.[field]))
      errors.invalid(`spec.${field}`, spec?.[field], 'field is immutable');
}
