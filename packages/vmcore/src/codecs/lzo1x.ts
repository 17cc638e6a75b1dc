/**
 * LZO1X, as lzo1x_1_compress writes it. There is no library for it that runs everywhere, refuses damaged data and is not
 * GPL; the format is small. Written from the description of the stream in Documentation/staging/lzo.rst.
 *
 * An instruction copies from what came out already, then takes up to 3 literals along; what an instruction below 16 means
 * depends on how many literals came before it.
 */
export function lzo1x(compressed: Uint8Array, pageSize: number): Uint8Array {
  const out = new Uint8Array(pageSize);
  const inLength = compressed.length;
  let at = 0;
  let done = 0;

  const literals = (count: number): void => {
    if (at + count > inLength || done + count > pageSize) throw new RangeError('literals beyond the end');
    for (let i = 0; i < count; i++) out[done++] = compressed[at++]!;
  };
  // A length that did not fit into its field: 255 for every 0, then the last byte.
  const extended = (field: number): number => {
    let length = field;
    while (compressed[at] === 0) {
      length += 255;
      at++;
      if (length > pageSize) throw new RangeError('a length beyond the page');
    }
    return length + (compressed[at++] ?? 0);
  };

  // Literals before: 0 none, 1 to 3 that many, 4 a run of 4 and more.
  let state = 0;
  const first = compressed[0] ?? 0;
  if (first > 17) {
    at = 1;
    literals(first - 17);
    state = Math.min(4, first - 17);
  }
  while (at < inLength) {
    const code = compressed[at++]!;
    let length: number;
    let distance: number;
    let after = code & 3;
    if (code >= 64) {
      length = (code >> 5) + 1;
      distance = ((compressed[at++] ?? 0) << 3) + ((code >> 2) & 7) + 1;
    } else if (code >= 16) {
      const far = code < 32;
      const field = far ? code & 7 : code & 31;
      length = 2 + (field === 0 ? extended(far ? 7 : 31) : field);
      const low = (compressed[at] ?? 0) | ((compressed[at + 1] ?? 0) << 8);
      at += 2;
      after = low & 3;
      distance = (low >> 2) + (far ? 0x4000 + ((code & 8) << 11) : 1);
      if (far && distance === 0x4000) {
        if (done !== pageSize) throw new RangeError('the end comes early');
        return out;
      }
    } else if (state === 0) {
      literals(3 + (code === 0 ? extended(15) : code));
      state = 4;
      continue;
    } else {
      length = state === 4 ? 3 : 2;
      distance = ((compressed[at++] ?? 0) << 2) + (code >> 2) + (state === 4 ? 0x801 : 1);
    }
    if (distance > done || done + length > pageSize) throw new RangeError('a copy from or to outside');
    for (let i = 0; i < length; i++, done++) out[done] = out[done - distance]!;
    literals(after);
    state = after;
  }
  throw new RangeError('no end');
}
