/**
 * Decompresses one page.
 * @param compressed the bytes of the page in the file
 * @param pageSize the bytes that have to come out, and the most that may
 * @returns the page; throws, or returns another number of bytes, when the data are damaged
 */
export type Inflate = (compressed: Uint8Array, pageSize: number) => Uint8Array;
