import pc from 'picocolors';
import type { Io } from '../io.ts';

/** Functions that colour a text, or leave it alone. */
export type Colors = ReturnType<typeof pc.createColors>;

/** Colours for a terminal; none for a pipe, or when NO_COLOR is set (https://no-color.org). */
export function colorsFor(io: Io): Colors {
  const { NO_COLOR } = io.env;
  return pc.createColors(io.stdout.isTTY === true && !NO_COLOR);
}
