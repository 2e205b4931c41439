/**
 * SHA-256 (FIPS 180-4), incremental.
 *
 * It hashes what identifies a segment, some hundred kilobytes at most; the
 * pages themselves are guarded by CRC-32, which the hashed table lists.
 */

const blockSize = 64;
export const sha256Size = 32;

/** The first 32 bits of the fractional parts of the cube or square roots of the first primes. */
function rootsOfPrimes(count: number, root: (prime: number) => number): Int32Array {
  const words = new Int32Array(count);
  for (let candidate = 2, found = 0; found < count; candidate++) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
      if (candidate % divisor === 0) isPrime = false;
    }
    if (isPrime) words[found++] = (root(candidate) % 1) * 2 ** 32;
  }
  return words;
}

const roundConstants = rootsOfPrimes(64, Math.cbrt);
const initialState = rootsOfPrimes(8, Math.sqrt);

/** A hash in the making: update it with bytes, then take the digest once. */
export class Sha256 {
  private readonly state = initialState.slice();
  private readonly schedule = new Int32Array(64);
  private readonly block = new Uint8Array(blockSize);
  private filled = 0;
  private sizeInBytes = 0;

  update(bytes: Uint8Array): this {
    this.sizeInBytes += bytes.length;
    let index = 0;
    if (this.filled > 0) {
      index = Math.min(bytes.length, blockSize - this.filled);
      this.block.set(bytes.subarray(0, index), this.filled);
      this.filled += index;
      if (this.filled < blockSize) return this;
      this.compress(this.block, 0);
    }
    for (; index + blockSize <= bytes.length; index += blockSize) this.compress(bytes, index);
    this.block.set(bytes.subarray(index));
    this.filled = bytes.length - index;
    return this;
  }

  digest(): Uint8Array {
    const size = this.sizeInBytes;
    const padding = new Uint8Array(((119 - (size % blockSize)) % blockSize) + 9);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, Math.floor(size / 2 ** 29));
    view.setUint32(padding.length - 4, (size * 8) >>> 0);
    this.update(padding);
    const digest = new Uint8Array(sha256Size);
    const words = new DataView(digest.buffer);
    for (const [index, word] of this.state.entries()) words.setInt32(index * 4, word);
    return digest;
  }

  private compress(bytes: Uint8Array, start: number): void {
    const w = this.schedule;
    for (let i = 0, at = start; i < 16; i++, at += 4) {
      w[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    }
    for (let i = 16; i < 64; i++) {
      const early = w[i - 15]!;
      const late = w[i - 2]!;
      const s0 = ((early >>> 7) | (early << 25)) ^ ((early >>> 18) | (early << 14)) ^ (early >>> 3);
      const s1 = ((late >>> 17) | (late << 15)) ^ ((late >>> 19) | (late << 13)) ^ (late >>> 10);
      w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
    }
    const state = this.state;
    let a = state[0]!;
    let b = state[1]!;
    let c = state[2]!;
    let d = state[3]!;
    let e = state[4]!;
    let f = state[5]!;
    let g = state[6]!;
    let h = state[7]!;
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const choice = (e & f) ^ (~e & g);
      const t1 = (h + s1 + choice + roundConstants[i]! + w[i]!) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const majority = (a & b) ^ (a & c) ^ (b & c);
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + s0 + majority) | 0;
    }
    state[0] = (state[0]! + a) | 0;
    state[1] = (state[1]! + b) | 0;
    state[2] = (state[2]! + c) | 0;
    state[3] = (state[3]! + d) | 0;
    state[4] = (state[4]! + e) | 0;
    state[5] = (state[5]! + f) | 0;
    state[6] = (state[6]! + g) | 0;
    state[7] = (state[7]! + h) | 0;
  }
}

/** Answers the SHA-256 of the parts, one after the other. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = new Sha256();
  for (const part of parts) hash.update(part);
  return hash.digest();
}
