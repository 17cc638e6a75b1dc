// @ts-check

/**
 * A file of an archive; a path that ends with / is a folder.
 * @typedef {{ path: string, mode: number, data?: Uint8Array }} Entry
 */

/**
 * A cpio archive as the kernel unpacks it (Documentation/driver-api/early-userspace/buffer-format.rst, "070701").
 * @param {readonly Entry[]} entries folders before what is in them
 * @returns {Buffer}
 */
export function cpio(entries) {
  const parts = entries.map((entry, n) => member(n + 1, entry));
  return Buffer.concat([...parts, member(0, { path: 'TRAILER!!!', mode: 0 })]);
}

const FOLDER = 0o040000;
const FILE = 0o100000;

/**
 * @param {number} inode
 * @param {Entry} entry
 */
function member(inode, { path, mode, data = new Uint8Array() }) {
  const isFolder = path.endsWith('/');
  const name = Buffer.from(`${isFolder ? path.slice(0, -1) : path}\0`);
  const type = inode === 0 ? 0 : isFolder ? FOLDER : FILE;
  // inode, mode, uid, gid, links, mtime, size, device (2), device it stands for (2), length of the name, checksum
  const fields = [inode, type | mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
  const head = Buffer.from(`070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([padded(Buffer.concat([head, name])), padded(data)]);
}

/** @param {Uint8Array} bytes */
function padded(bytes) {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
