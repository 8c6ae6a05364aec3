import { AwsError } from '../error.ts';
import { type Formula, readFormula } from './cloudwatch-formula.ts';

/** Values of periods that follow each other, the oldest first; undefined where there is no data. */
export type Series = readonly (number | undefined)[];

type Value =
  | { is: 'number'; value: number }
  | { is: 'series'; values: Series }
  | { is: 'list'; all: readonly Series[] };

/** What a formula may name: series by their ids. */
export type Lookup = (id: string) => Series;

/**
 * An expression of metric math, as far as it is about numbers, series and lists of series: operators, comparisons, AND, OR,
 * SUM, MAX, MIN, AVG, FILL with a number, and IF. Source: "Using math expressions with CloudWatch metrics", Amazon
 * CloudWatch User Guide.
 */
export class Expression {
  readonly #formula: Formula;
  readonly #length: number;

  /** `length`: how many periods there are. @throws AwsError ValidationError */
  constructor(text: string, length: number) {
    this.#formula = readFormula(text);
    this.#length = length;
  }

  evaluate(lookup: Lookup): Series {
    const value = this.#value(this.#formula, lookup);
    if (value.is === 'list') throw new AwsError('ValidationError', 'the expression gives several series');
    return this.#spread(value);
  }

  #value(formula: Formula, lookup: Lookup): Value {
    switch (formula.is) {
      case 'number':
        return { is: 'number', value: formula.value };
      case 'name':
        return { is: 'series', values: lookup(formula.name) };
      case 'list':
        return { is: 'list', all: formula.items.map((item) => this.#spread(this.#value(item, lookup))) };
      case 'negative': {
        const zero: Value = { is: 'number', value: 0 };
        return this.#pairwise('-', zero, this.#value(formula.of, lookup));
      }
      case 'operation': {
        const [left, right] = [this.#value(formula.left, lookup), this.#value(formula.right, lookup)];
        return this.#pairwise(formula.operator, left, right);
      }
      case 'call':
        return this.#call(
          formula.name,
          formula.args.map((arg) => this.#value(arg, lookup)),
        );
    }
  }

  #call(name: string, args: readonly Value[]): Value {
    const [first, second, third] = args;
    if (first !== undefined && args.length === 1 && Object.hasOwn(GATHERED, name)) {
      const gather = GATHERED[name as keyof typeof GATHERED];
      if (first.is === 'list') return { is: 'series', values: this.#columns(first.all).map(gather) };
      const value = gather(present(this.#spread(first)));
      return value === undefined ? { is: 'series', values: [] } : { is: 'number', value };
    }
    if (name === 'FILL' && first !== undefined && second?.is === 'number') {
      const { value } = second;
      return { is: 'series', values: this.#spread(first).map((known) => known ?? value) };
    }
    if (name === 'IF' && first !== undefined && second !== undefined) {
      const [yes, no] = [this.#spread(second), third === undefined ? [] : this.#spread(third)];
      const chosen = this.#spread(first).map((holds, at) => (holds ? yes[at] : no[at]));
      return { is: 'series', values: chosen };
    }
    throw new AwsError('ValidationError', `the local cloud does not know ${name} of ${args.length} values`);
  }

  /** Where one of both has no data, neither has the result. */
  #pairwise(operator: string, left: Value, right: Value): Value {
    const apply = OPERATORS[operator];
    if (apply === undefined || left.is === 'list' || right.is === 'list')
      throw new AwsError('ValidationError', `${operator} takes numbers and series`);
    if (left.is === 'number' && right.is === 'number')
      return { is: 'number', value: apply(left.value, right.value) };
    const [one, other] = [this.#spread(left), this.#spread(right)];
    const values = one.map((value, at) => {
      const beside = other[at];
      if (value === undefined || beside === undefined) return undefined;
      const result = apply(value, beside);
      // There is no data for what is divided by nothing.
      return Number.isFinite(result) ? result : undefined;
    });
    return { is: 'series', values };
  }

  #spread(value: Value): Series {
    if (value.is === 'number') return Array.from({ length: this.#length }, () => value.value);
    if (value.is === 'series') return Array.from({ length: this.#length }, (_, at) => value.values[at]);
    throw new AwsError('ValidationError', 'one series is expected, and not several');
  }

  #columns(all: readonly Series[]): number[][] {
    return Array.from({ length: this.#length }, (_, at) => present(all.map((series) => series[at])));
  }
}

const truth = (holds: boolean) => (holds ? 1 : 0);

const OPERATORS: Record<string, ((left: number, right: number) => number) | undefined> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '^': (left, right) => left ** right,
  '>': (left, right) => truth(left > right),
  '<': (left, right) => truth(left < right),
  '>=': (left, right) => truth(left >= right),
  '<=': (left, right) => truth(left <= right),
  '==': (left, right) => truth(left === right),
  '!=': (left, right) => truth(left !== right),
  AND: (left, right) => truth(left !== 0 && right !== 0),
  OR: (left, right) => truth(left !== 0 || right !== 0),
};

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const ofSome = (gather: (values: readonly number[]) => number) => (values: readonly number[]) =>
  values.length === 0 ? undefined : gather(values);

/** Of several series, period by period; of one, over all periods. What has no data does not count. */
const GATHERED = {
  SUM: ofSome(total),
  AVG: ofSome((values) => total(values) / values.length),
  MAX: ofSome((values) => Math.max(...values)),
  MIN: ofSome((values) => Math.min(...values)),
};

function present(values: Series): number[] {
  return values.filter((value) => value !== undefined);
}
