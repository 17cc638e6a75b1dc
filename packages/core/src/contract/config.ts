import { VmemmapError } from '../errors.ts';

/** A value of a configuration. Addresses and masks are bigints, everything else is what JSON has. */
export type ConfigValue = boolean | number | string | bigint;

/**
 * One key of a plugin's configuration: its type, range, default and meaning (`about`). Data, so that tools can list it.
 * A number lies in `[min, max]`, and is among `oneOf` where there is such a list; a choice always is. An address is a
 * multiple of `align`.
 */
export type ConfigField =
  | { readonly type: 'boolean'; readonly default: boolean; readonly about: string }
  | {
      readonly type: 'number';
      readonly default: number;
      readonly about: string;
      readonly min: number;
      readonly max: number;
      readonly oneOf?: readonly number[];
    }
  | { readonly type: 'choice'; readonly default: string; readonly about: string; readonly oneOf: readonly string[] }
  | { readonly type: 'address'; readonly default: bigint | undefined; readonly about: string; readonly align: bigint };

/** A plugin's configuration keys. */
export type ConfigFields = Readonly<Record<string, ConfigField>>;

/** A configuration with every key that has a default. */
export type ConfigValues = Readonly<Record<string, ConfigValue | undefined>>;

/**
 * Checks a configuration against its fields and fills in the defaults.
 * Numbers and addresses may also come as text (`"0x…"` or decimal), booleans as `"true"` and `"false"`.
 * @throws VmemmapError `BAD_CONFIG`: unknown key, wrong type, out of range
 */
export function parseConfig(from: string, fields: ConfigFields, input: unknown): ConfigValues {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new VmemmapError('BAD_CONFIG', `a configuration must be an object, not ${JSON.stringify(input)}`, from);
  }
  const values: Record<string, ConfigValue | undefined> = {};
  for (const [key, field] of Object.entries(fields)) values[key] = field.default;
  for (const [key, raw] of Object.entries(input)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (field === undefined && Object.keys(fields).length === 0) {
      throw new VmemmapError('BAD_CONFIG', `no option ${JSON.stringify(key)}; there are no options`, from);
    }
    if (field === undefined) {
      throw new VmemmapError(
        'BAD_CONFIG',
        `no option ${JSON.stringify(key)}; there are ${Object.keys(fields).join(', ')}`,
        from,
      );
    }
    if (raw !== undefined && raw !== null) values[key] = parseValue(from, key, field, raw);
  }
  return values;
}

function parseValue(from: string, key: string, field: ConfigField, raw: unknown): ConfigValue {
  const bad = (wanted: string): never => {
    throw new VmemmapError(
      'BAD_CONFIG',
      `${key} must be ${wanted}, not ${typeof raw === 'bigint' ? raw : JSON.stringify(raw)}`,
      from,
    );
  };
  switch (field.type) {
    case 'boolean':
      if (raw === true || raw === 'true') return true;
      if (raw === false || raw === 'false') return false;
      return bad('true or false');
    case 'number': {
      const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
      const range = field.oneOf?.join(', ') ?? `a whole number from ${field.min} to ${field.max}`;
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < field.min || value > field.max)
        return bad(range);
      if (field.oneOf !== undefined && !field.oneOf.includes(value)) return bad(range);
      return value;
    }
    case 'choice':
      return typeof raw === 'string' && field.oneOf.includes(raw) ? raw : bad(`one of ${field.oneOf.join(', ')}`);
    case 'address': {
      const wanted = `a 64-bit address that is a multiple of 0x${field.align.toString(16)}`;
      let value: bigint;
      try {
        value = BigInt(raw as string | number | bigint);
      } catch {
        return bad(wanted);
      }
      return value >= 0n && value < 1n << 64n && value % field.align === 0n ? value : bad(wanted);
    }
  }
}
