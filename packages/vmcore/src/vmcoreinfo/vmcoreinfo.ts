import { refusal } from '../refusal.ts';

/** The name of its note. */
export const VMCOREINFO = 'VMCOREINFO';

/**
 * What the kernel says of itself to readers of its dumps: lines of text, as `SYMBOL(vmemmap)=ffffffff833a3a00`
 * (Documentation/admin-guide/kdump/vmcoreinfo.rst). What is not there is undefined: each release and architecture has
 * lines of its own.
 */
export class Vmcoreinfo {
  /** All of it. */
  readonly text: string;
  readonly #values = new Map<string, string>();

  /** Throws `BAD_FORMAT` for a text that is no VMCOREINFO: `OSRELEASE` is in all of them. */
  constructor(text: string) {
    this.text = text;
    for (const line of text.split('\n')) {
      const equals = line.indexOf('=');
      if (equals > 0) this.#values.set(line.slice(0, equals), line.slice(equals + 1));
    }
    if (this.get('OSRELEASE') === undefined)
      throw refusal('BAD_FORMAT', 'that text is no VMCOREINFO: it has no OSRELEASE');
  }

  /** The kernel's release, as `uname -r` says it. */
  get osrelease(): string {
    return this.get('OSRELEASE') ?? '';
  }

  /** Bytes in a page of the kernel. */
  get pageSize(): number | undefined {
    return this.#count('PAGESIZE');
  }

  /** What comes behind `key=`, as it is. */
  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  /** The address of a symbol. */
  symbol(name: string): bigint | undefined {
    return this.#integer(`SYMBOL(${name})`, (value) => `0x${value}`);
  }

  /** sizeof() of a type or variable, in bytes. */
  size(type: string): number | undefined {
    return this.#count(`SIZE(${type})`);
  }

  /** Where a member is in its type, in bytes: `page.flags`. */
  offset(member: string): number | undefined {
    return this.#count(`OFFSET(${member})`);
  }

  /** The value of a constant or variable. */
  number(name: string): bigint | undefined {
    return this.#integer(`NUMBER(${name})`, (value) => value);
  }

  /** Elements of an array. */
  length(array: string): number | undefined {
    return this.#count(`LENGTH(${array})`);
  }

  /** A configuration option of the kernel, without CONFIG_: `y` where it is set. */
  config(option: string): string | undefined {
    return this.get(`CONFIG_${option}`);
  }

  /** Keys in the order in which the kernel wrote them. */
  keys(): IterableIterator<string> {
    return this.#values.keys();
  }

  #count(key: string): number | undefined {
    const value = this.#integer(key, (text) => text);
    if (value === undefined) return undefined;
    if (value < 0n || value > Number.MAX_SAFE_INTEGER) throw this.#wrong(key);
    return Number(value);
  }

  #integer(key: string, literal: (text: string) => string): bigint | undefined {
    const text = this.get(key)?.trim();
    if (text === undefined) return undefined;
    const [sign, digits] = text.startsWith('-') ? [-1n, text.slice(1)] : [1n, text];
    const written = literal(digits);
    if (!/^(0x[0-9a-f]{1,16}|[0-9]{1,20})$/i.test(written)) throw this.#wrong(key);
    return sign * BigInt(written);
  }

  #wrong(key: string): Error {
    return refusal(
      'BAD_FORMAT',
      `VMCOREINFO of ${this.osrelease} has ${key}=${this.get(key)?.slice(0, 40)}: that is no number`,
    );
  }
}
