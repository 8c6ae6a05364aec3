const suffixes: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The number that a Kubernetes quantity stands for: `250m` is 0.25, `1Gi` is 1073741824; 0 for what is none.
 * Source: apimachinery `resource.Quantity`.
 */
export function parseQuantity(text: string | undefined): number {
  const [, number, suffix] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([numkKMGTPE]?i?)$/.exec(text ?? '') ?? [];
  const factor = suffixes[suffix ?? ''];
  return number === undefined || factor === undefined ? 0 : Number(number) * factor;
}
