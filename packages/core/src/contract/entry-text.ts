import { hex64 } from '../bits.ts';
import { decodeEntry, type EntryLayout } from './entry-layout.ts';

/**
 * An entry in hex with all that it says beside its address, as `0x80000000000001e3 (XD G PS D A RW P)`: flags by name,
 * wider fields with their value (`AttrIndx=4`), bits without a name by number (`bit57`).
 */
export function entryText(
  layouts: readonly EntryLayout[],
  level: string,
  kind: 'table' | 'leaf',
  entry: bigint,
): string {
  const fields = decodeEntry(layouts, level, kind, entry).filter(({ address }) => !address);
  const texts = fields.map(({ name, value, flag }) => (flag ? name : `${name}=${value}`));
  return `${hex64(entry)} (${texts.join(' ') || 'no flags'})`;
}
