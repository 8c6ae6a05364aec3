/** One pkt-line: four hexadecimal digits of length, themselves included, and the text (gitprotocol-common). */
export function pktLine(text: string): string {
  const bytes = Buffer.byteLength(text) + 4;
  return bytes.toString(16).padStart(4, '0') + text;
}

/** Ends a section. */
export const FLUSH = '0000';
