/**
 * What a browser lends to image files: compression by its own streams, which
 * makes callers wait. Checksums in plain TypeScript are as fast as any.
 */
import type { ImageServices } from "../image-format/codec.ts";

export const browserServices: ImageServices = {
  deflateRaw: (bytes) => transform(bytes, new CompressionStream("deflate-raw"), Infinity),
  inflateRaw: (bytes, size) => transform(bytes, new DecompressionStream("deflate-raw"), size),
};

/** Sends bytes through a stream; gives up when more than `limit` come out. */
async function transform(
  bytes: Uint8Array,
  stream: GenericTransformStream,
  limit: number,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const input = new Blob([bytes.slice()]).stream();
  const reader = input.pipeThrough(stream as TransformStream<Uint8Array, Uint8Array>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    size += value.length;
    if (size > limit) {
      await reader.cancel();
      throw new RangeError("decompressed beyond the limit");
    }
  }
  const whole = new Uint8Array(size);
  let position = 0;
  for (const piece of pieces) {
    whole.set(piece, position);
    position += piece.length;
  }
  return whole;
}
