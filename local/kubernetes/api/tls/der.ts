/** The few ASN.1 types that a certificate is made of, in DER. Source: ITU-T X.690. */
export const der = {
  sequence: (...parts: Buffer[]) => tagged(0x30, Buffer.concat(parts)),
  set: (...parts: Buffer[]) => tagged(0x31, Buffer.concat(parts)),
  /** A context-specific tag around a value. */
  explicit: (number: number, part: Buffer) => tagged(0xa0 | number, part),
  /** A context-specific tag in place of the value's own. */
  implicit: (number: number, content: Buffer) => tagged(0x80 | number, content),
  boolean: (value: boolean) => tagged(0x01, Buffer.from([value ? 0xff : 0])),
  octets: (content: Buffer) => tagged(0x04, content),
  bits: (content: Buffer, unused = 0) => tagged(0x03, Buffer.concat([Buffer.from([unused]), content])),
  text: (text: string) => tagged(0x0c, Buffer.from(text)),
  /** An unsigned number, big-endian. */
  integer: (content: Buffer) =>
    tagged(0x02, (content[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), content]) : content),
  oid: (dotted: string) => tagged(0x06, objectIdentifier(dotted)),
  /** UTCTime, which RFC 5280 asks for until 2049. */
  time: (date: Date) =>
    tagged(
      0x17,
      Buffer.from(
        date
          .toISOString()
          .slice(2)
          .replace(/[-:T]|\.\d+/g, ''),
      ),
    ),
};

function tagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const bytes = bigEndian(size);
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

function bigEndian(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from(bytes);
}

function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return Buffer.concat([40 * first + second, ...rest].map(base128));
}

function base128(value: number): Buffer {
  const bytes = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return Buffer.from(bytes);
}
