/** More steps than this are cut short in a message; `facts.steps` has all. */
const MOST = 8;
const KEPT_AT_THE_END = 4;

/** Steps for a message: the first ones and the last. */
export function stepLines(steps: readonly string[]): readonly string[] {
  const lines = steps.map((step) => `    ${step}`);
  const shown =
    lines.length <= MOST
      ? lines
      : [
          ...lines.slice(0, MOST - KEPT_AT_THE_END),
          `    … ${lines.length - MOST} more`,
          ...lines.slice(-KEPT_AT_THE_END),
        ];
  return lines.length === 0 ? [] : ['  steps', ...shown];
}
