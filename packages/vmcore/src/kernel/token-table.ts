import { refusal } from '../refusal.ts';
import type { KallsymsTables } from './kallsyms-tables.ts';
import type { KernelReader } from './kernel-reader.ts';
import { HASH_BASE, hashOf } from './name-index.ts';

/** How many there are: one for each value of a byte. */
const TOKENS = 256;
/** The most letters of a symbol with its type and the 0 at its end (KSYM_NAME_LEN). A token has no more. */
export const LONGEST_NAME = 512;

/** What each byte of a compressed name stands for. */
export class TokenTable {
  /** The letters. */
  readonly letters: readonly string[];
  /** The hash of the letters. */
  readonly hash: Int32Array = new Int32Array(TOKENS);
  /** What the hash of letters behind it is multiplied by. */
  readonly power: Int32Array = new Int32Array(TOKENS);

  /**
   * Reads the table. Throws `BAD_FORMAT` unless tokens lie one behind the other and the index says where
   * (scripts/kallsyms.c:write_src).
   */
  constructor(reader: KernelReader, { tokenTable, tokenIndex }: KallsymsTables) {
    const letters: string[] = [];
    let position = 0;
    for (let token = 0; token < TOKENS; token++) {
      const expected = reader.u16(tokenIndex + BigInt(2 * token));
      const text = expected === position ? reader.text(tokenTable + BigInt(position), LONGEST_NAME) : undefined;
      if (text === undefined || text.length === LONGEST_NAME)
        throw refusal(
          'BAD_FORMAT',
          `kallsyms_token_table at 0x${tokenTable.toString(16)} and kallsyms_token_index do not agree about token ${token}: the addresses are wrong, or memory is damaged`,
        );
      position += text.length + 1;
      letters.push(text);
      this.hash[token] = hashOf(text);
      let power = 1;
      for (let i = 0; i < text.length; i++) power = Math.imul(power, HASH_BASE);
      this.power[token] = power;
    }
    this.letters = letters;
  }
}
