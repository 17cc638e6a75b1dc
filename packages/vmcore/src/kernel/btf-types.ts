/** A type, with qualifiers and typedefs followed to what they stand for. Numbers are those of {@link Btf.type}. */
export type BtfType = BtfScalar | BtfPointer | BtfArray | BtfAggregate | BtfNone;

/** No value in memory: void, a type that is only declared, a function. */
export interface BtfNone {
  /** What it is. */
  readonly kind: 'none';
  /** Its name; empty where it has none. */
  readonly name: string;
}

/** A number. */
export interface BtfScalar {
  /** `float` also for other numbers with a point. */
  readonly kind: 'int' | 'enum' | 'float';
  /** `unsigned long`, or the tag of an enum; empty where it has none. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Whether it can be below 0. */
  readonly signed: boolean;
}

/** An address. */
export interface BtfPointer {
  /** What it is. */
  readonly kind: 'pointer';
  /** Bytes. */
  readonly size: number;
  /** Number of the type at that address. */
  readonly target: number;
}

/** Elements one behind the other. */
export interface BtfArray {
  /** What it is. */
  readonly kind: 'array';
  /** Number of the type of an element. */
  readonly element: number;
  /** Elements; 0 for an array at the end of a struct that has as many as there is room for. */
  readonly length: number;
}

/** A struct or union, without its members. */
export interface BtfAggregate {
  /** Which of the two. */
  readonly kind: 'struct' | 'union';
  /** Its own number. */
  readonly id: number;
  /** Its tag; empty where it has none. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** Where something is in a struct or union. */
export interface BtfPlace {
  /** Bytes from the start; of a bit-field those to the byte with its first bit. */
  readonly offset: number;
  /** Which bits, for a bit-field. */
  readonly bits: BtfBits | undefined;
  /** Number of its type. */
  readonly type: number;
}

/** The bits of a bit-field, counted as the compiler does: little-endian from the lowest, big-endian from the highest. */
export interface BtfBits {
  /** The first one, from the start of the byte: 0 to 7. */
  readonly first: number;
  /** How many. */
  readonly count: number;
}

/** A member, also one of an anonymous struct or union inside. */
export interface BtfMember extends BtfPlace {
  /** Its name. */
  readonly name: string;
}

/** A struct or union. */
export interface BtfStruct extends BtfAggregate {
  /** Its members in the order of the source. Anonymous structs and unions are replaced by what is in them. */
  readonly members: readonly BtfMember[];
}
