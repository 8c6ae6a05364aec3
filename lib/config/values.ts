import * as z from 'zod/mini';

/** Days that CloudWatch Logs can keep what is written (`PutRetentionPolicy`, retentionInDays). */
export const LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

/** Where Lambda MicroVMs are (AWS, at their launch in June 2026). */
export const MICROVM_REGIONS = [
  'us-east-1',
  'us-east-2',
  'us-west-2',
  'eu-west-1',
  'ap-northeast-1',
] as const;

const COMPASS = '(central|north|south|east|west|northeast|northwest|southeast|southwest)';
const REGION = `(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov|eusc-de|us-isob?)-${COMPASS}-[0-9]`;
const DURATION = /^[1-9][0-9]{0,5}[smhd]$/;
const ADDRESS = /^[^\s@"<>]+@[^\s@"<>]+\.[^\s@"<>]+$/;

export const text = () => z.string().check(z.minLength(1));
export const like = (pattern: RegExp) => z.string().check(z.regex(pattern));
export const whole = (from: number, to: number) => z.int().check(z.gte(from), z.lte(to));
export const list = <T extends z.ZodMiniType>(of: T) => z.array(of).check(z.minLength(1));
export const region = () => like(new RegExp(`^${REGION}$`));
/** An availability zone, as an account calls it; no local zone: EKS has no control plane there. */
export const zone = () => like(new RegExp(`^${REGION}[a-z]$`));
export const email = () => like(ADDRESS);
export const duration = () => like(DURATION);
export const topic = () => like(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/);
export const principal = () => like(/^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)\/[\w+=,.@/-]{1,512}$/);

/** Name of a branch as git has it (git-check-ref-format), without `refs/heads/`. */
export const branch = () =>
  z
    .string()
    .check(
      z.refine(
        (name) =>
          /^[^-/.\s~^:?*[\\\p{Cc}][^\s~^:?*[\\\p{Cc}]*$/u.test(name) &&
          !/\.\.|@\{|\/\/|\/\.|\.lock(\/|$)|[/.]$|^refs\/heads\//.test(name),
      ),
    );

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The seconds of what {@link duration} takes: `12h`. */
export function secondsOf(said: string): number {
  return Number(said.slice(0, -1)) * (SECONDS[said.slice(-1)] ?? 1);
}
