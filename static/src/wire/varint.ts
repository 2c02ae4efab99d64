/** Reads LEB128 integers one after the other. Values up to 2^53 are exact. */
export class VarintReader {
  #at: number;

  constructor(
    private readonly bytes: Uint8Array,
    start = 0,
  ) {
    this.#at = start;
  }

  get offset(): number {
    return this.#at;
  }

  unsigned(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.bytes[this.#at];
      if (byte === undefined) throw new RangeError("a varint runs past the end");
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  /** Zigzag: 0, -1, 1, -2, 2 … */
  signed(): number {
    const zigzag = this.unsigned();
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }
}
