const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
/** `E` alone is a suffix: exa. */
const exponential = /^[eE][+-]?\d/;
/** Quantities are counted in these, the smallest that Kubernetes knows. */
const perUnit = 1_000_000_000n;

/**
 * A quantity as Kubernetes writes it back: `1000m` is `1`, `0.5` is `500m`, `1024Mi` is `1Gi`.
 * Source: apimachinery `api/resource.Quantity`, canonical form. Undefined when the text is no quantity.
 */
export function canonicalQuantity(text: string): string | undefined {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(n|u|m|k|M|G|T|P|E|[KMGTPE]i|[eE][+-]?\d+)?$/.exec(text);
  if (!parts) return undefined;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = parts;
  if (whole === '' && fraction === '') return undefined;
  const nanos = scale(BigInt(`${whole}${fraction}`), fraction.length, suffix);
  const isBinary = binary.includes(suffix) && suffix !== '';
  const minus = sign === '-' && nanos !== 0n ? '-' : '';
  return `${minus}${isBinary ? inBinary(nanos) : inDecimal(nanos, exponential.test(suffix))}`;
}

/** The value in billionths, for comparisons and sums. */
function scale(digits: bigint, decimals: number, suffix: string): bigint {
  const power = binary.indexOf(suffix);
  if (power > 0) return roundUp(digits * perUnit * 1024n ** BigInt(power), 10n ** BigInt(decimals));
  const exponent = exponential.test(suffix) ? Number(suffix.slice(1)) : 3 * (decimal.indexOf(suffix) - 3);
  const shift = 9 + exponent - decimals;
  return shift >= 0 ? digits * 10n ** BigInt(shift) : roundUp(digits, 10n ** BigInt(-shift));
}

function roundUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}

function inBinary(nanos: bigint): string {
  if (nanos % perUnit !== 0n) return inDecimal(nanos, false);
  let value = nanos / perUnit;
  let power = 0;
  while (value !== 0n && value % 1024n === 0n && power < binary.length - 1) {
    value /= 1024n;
    power += 1;
  }
  return `${value}${binary[power]}`;
}

function inDecimal(nanos: bigint, asExponent: boolean): string {
  if (nanos === 0n) return '0';
  let value = nanos;
  let power = 0;
  while (value % 1000n === 0n && power < decimal.length - 1) {
    value /= 1000n;
    power += 1;
  }
  const exponent = 3 * power - 9;
  return asExponent && exponent !== 0 ? `${value}e${exponent}` : `${value}${decimal[power]}`;
}
