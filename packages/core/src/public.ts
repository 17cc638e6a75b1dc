/**
 * The public members of a class as a plain structural type. Contract types use it, so that an object made by another
 * copy of this package still fits (a class with private members would not).
 */
export type Public<T> = Pick<T, keyof T>;
