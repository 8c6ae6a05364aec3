import { AwsError } from '../error.ts';
import type { AlarmState } from './cloudwatch-evaluate.ts';

/** The rule of a composite alarm: whether it rings, given the states of others; and which others it names. */
export interface CompositeRule {
  names: readonly string[];
  holds(stateOf: (name: string) => AlarmState | undefined): boolean;
}

const TOKEN = /\s*(\(|\)|"(?:[^"\\]|\\.)*"|[^\s()"]+)/y;
const STATES: readonly string[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];

type Holds = CompositeRule['holds'];

/**
 * Reads `ALARM("a") AND (OK(b) OR NOT INSUFFICIENT_DATA(c))`. Source: API_PutCompositeAlarm, AlarmRule.
 * @throws AwsError ValidationError
 */
export function compositeRule(text: string): CompositeRule {
  const tokens = tokensOf(text);
  const names: string[] = [];
  const refuse = () => new AwsError('ValidationError', `AlarmRule cannot be read: ${text}`);
  const next = (expected?: string): string => {
    const token = tokens.shift();
    if (token === undefined || (expected !== undefined && token !== expected)) throw refuse();
    return token;
  };
  const any = (): Holds => {
    const one = all();
    if (tokens[0] !== 'OR') return one;
    next();
    const other = any();
    return (stateOf) => one(stateOf) || other(stateOf);
  };
  const all = (): Holds => {
    const one = term();
    if (tokens[0] !== 'AND') return one;
    next();
    const other = all();
    return (stateOf) => one(stateOf) && other(stateOf);
  };
  const term = (): Holds => {
    const token = next();
    if (token === 'NOT') {
      const one = term();
      return (stateOf) => !one(stateOf);
    }
    if (token === 'TRUE' || token === 'FALSE') return () => token === 'TRUE';
    if (token === '(') {
      const one = any();
      next(')');
      return one;
    }
    if (!STATES.includes(token)) throw refuse();
    next('(');
    const name = next().replace(/^"(.*)"$/s, '$1');
    next(')');
    names.push(name.split(':alarm:').at(-1) ?? name);
    return (stateOf) => stateOf(name.split(':alarm:').at(-1) ?? name) === token;
  };
  const holds = any();
  if (tokens.length > 0) throw refuse();
  return { names, holds };
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  const pattern = new RegExp(TOKEN);
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text))
    tokens.push(match[1] ?? '');
  return tokens;
}
