/** What was asked for cannot be made: one sentence that says what to do. Thrown before anything is written. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
