import { Transform, type TransformCallback } from 'node:stream';
import { createZstdDecompress, type ZstdDecompress } from 'node:zlib';

/**
 * Decompresses zstd of any number of frames (RFC 8878, section 3), as parallel compressors and zstd:chunked write it.
 * Node's own stream ends, without an error, after the first one: this one opens the next with what it left.
 */
export class ZstdFrames extends Transform {
  #frame: ZstdDecompress | undefined;

  override _transform(chunk: Buffer, encoding: BufferEncoding, done: TransformCallback): void {
    const frame = this.#frame ?? this.#open();
    const before = frame.bytesWritten;
    const settle = (error: Error | null | undefined, rest: Buffer) => {
      frame.off('end', ended).off('error', failed);
      if (error || rest.length === 0) done(error);
      else this._transform(rest, encoding, done);
    };
    const failed = (error: Error) => settle(error, chunk);
    const ended = () => {
      this.#frame = undefined;
      settle(null, chunk.subarray(frame.bytesWritten - before));
    };
    frame.once('end', ended).once('error', failed);
    frame.write(chunk, (error) => {
      // Less was taken when the frame has ended: that is told when its last bytes have been handed on.
      const isTaken = frame === this.#frame && frame.bytesWritten - before === chunk.length;
      if (!error && isTaken) settle(null, chunk.subarray(chunk.length));
    });
  }

  override _flush(done: TransformCallback): void {
    if (this.#frame === undefined) done();
    else this.#frame.once('end', done).once('error', done).end();
  }

  override _read(size: number): void {
    this.#frame?.resume();
    super._read(size);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#frame?.destroy();
    super._destroy(error, done);
  }

  #open(): ZstdDecompress {
    const frame = createZstdDecompress({ chunkSize: 128 * 1024 });
    // What comes out is handed on only as fast as it is taken: a small frame can hold a lot of zeros.
    frame.on('data', (bytes: Buffer) => {
      if (!this.push(bytes)) frame.pause();
    });
    this.#frame = frame;
    return frame;
  }
}
