/** A member of a tar as nobody should write it: nothing in it is checked. */
export interface RawMember {
  name: string;
  type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';
  link?: string;
  bytes?: Buffer;
  mode?: number;
}

const FLAGS = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};
const BLOCK = 512;

/** A tar archive of these members, whatever they lead to. Long names are in pax headers. */
export function rawTar(members: readonly RawMember[]): Buffer {
  const blocks = members.flatMap(({ name, type, link = '', bytes = Buffer.alloc(0), mode = 0o755 }) => {
    const pax = Buffer.from(
      [record('path', name), ...(link === '' ? [] : [record('linkpath', link)])].join(''),
    );
    return [
      header('pax', 'x', pax.length, '', 0o644),
      padded(pax),
      header(name, FLAGS[type], type === 'file' ? bytes.length : 0, link, mode),
      ...(type === 'file' ? [padded(bytes)] : []),
    ];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function header(name: string, flag: string, size: number, link: string, mode: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name.slice(0, 99), 0);
  block.write(
    `${octal(mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0${octal(size, 11)}\0${octal(0, 11)}\0`,
    100,
  );
  block.write('        ', 148);
  block.write(flag, 156);
  block.write(link.slice(0, 99), 157);
  block.write('ustar\x0000', 257);
  block.write(`${octal(8, 7)}\0${octal(0, 7)}\0`, 329);
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\0 `,
    148,
  );
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
}

function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (String(length).length + Buffer.byteLength(rest) !== length)
    length = String(length).length + Buffer.byteLength(rest);
  return `${length}${rest}`;
}
