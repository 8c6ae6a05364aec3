import { AwsError } from '../error.ts';

/** An expression of metric math, taken apart. */
export type Formula =
  | { is: 'number'; value: number }
  | { is: 'name'; name: string }
  | { is: 'list'; items: readonly Formula[] }
  | { is: 'negative'; of: Formula }
  | { is: 'operation'; operator: string; left: Formula; right: Formula }
  | { is: 'call'; name: string; args: readonly Formula[] };

const TOKEN = /\s*(\d+(?:\.\d+)?|[A-Za-z_]\w*|>=|<=|==|!=|&&|\|\||[-+*/^<>()[\],])/y;

/** Operators, those that bind least first. */
const LEVELS: readonly (readonly string[])[] = [
  ['OR'],
  ['AND'],
  ['>', '<', '>=', '<=', '==', '!='],
  ['+', '-'],
  ['*', '/'],
  ['^'],
];
const SAME: Record<string, string> = { '&&': 'AND', '||': 'OR' };

/** @throws AwsError ValidationError for what cannot be read */
export function readFormula(text: string): Formula {
  const reader = new Reader(text);
  return reader.all();
}

class Reader {
  readonly #text: string;
  readonly #tokens: string[];

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text) ?? this.#refuse();
  }

  all(): Formula {
    const formula = this.#level(0);
    return this.#tokens.length === 0 ? formula : this.#refuse();
  }

  #level(number: number): Formula {
    const operators = LEVELS[number];
    if (operators === undefined) return this.#term();
    let left = this.#level(number + 1);
    while (operators.includes(this.#tokens[0] ?? '')) {
      const operator = this.#next();
      left = { is: 'operation', operator, left, right: this.#level(number + 1) };
    }
    return left;
  }

  #term(): Formula {
    const token = this.#next();
    if (token === '-') return { is: 'negative', of: this.#term() };
    if (token === '(') {
      const inner = this.#level(0);
      this.#next(')');
      return inner;
    }
    if (token === '[') return { is: 'list', items: this.#items(']') };
    if (/^\d/.test(token)) return { is: 'number', value: Number(token) };
    if (!/^[A-Za-z_]/.test(token)) return this.#refuse();
    if (this.#tokens[0] !== '(') return { is: 'name', name: token };
    this.#next();
    return { is: 'call', name: token, args: this.#items(')') };
  }

  #items(end: string): Formula[] {
    const items: Formula[] = [];
    for (;;) {
      items.push(this.#level(0));
      if (this.#tokens[0] !== ',') break;
      this.#next();
    }
    this.#next(end);
    return items;
  }

  #next(expected?: string): string {
    const token = this.#tokens.shift();
    return token === undefined || (expected !== undefined && token !== expected) ? this.#refuse() : token;
  }

  #refuse(): never {
    throw new AwsError('ValidationError', `the local cloud cannot read the expression ${this.#text}`);
  }
}

function tokensOf(text: string): string[] | undefined {
  const tokens: string[] = [];
  const pattern = new RegExp(TOKEN);
  let end = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    tokens.push(SAME[match[1] ?? ''] ?? match[1] ?? '');
    end = pattern.lastIndex;
  }
  return text.slice(end).trim() === '' ? tokens : undefined;
}
