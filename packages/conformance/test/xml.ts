/** What attributes JUnit's reports have. */
type AttributeName = 'name' | 'classname' | 'type' | 'message' | 'tests' | 'failures' | 'errors' | 'skipped';

/** An element of an XML document. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Partial<Record<AttributeName, string>>>;
  readonly children: readonly Element[];
  readonly text: string;
}

const NAMES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Parses the XML that reports are made of: a declaration, elements, attributes in double quotes, entities, text.
 * @throws Error for what is not well-formed
 */
export function parseXml(xml: string): Element {
  if (/[^\P{Cc}\t\n\r]|\p{Surrogate}|[\ufffe\uffff]/u.test(xml)) throw new Error('a character that XML has not');
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray => {
    const sticky = new RegExp(pattern, 'uy');
    sticky.lastIndex = at;
    const found = sticky.exec(xml);
    if (found === null) throw new Error(`${pattern} is wanted, not ${JSON.stringify(xml.slice(at, at + 40))}`);
    at = sticky.lastIndex;
    return found;
  };
  const plain = (text: string): string =>
    text.replace(/&([^;&]*);|&/g, (_, entity: string | undefined) => {
      if (entity?.startsWith('#')) return String.fromCodePoint(Number(entity.slice(1)));
      const character = NAMES[entity ?? ''];
      if (character === undefined) throw new Error(`no entity ${entity}`);
      return character;
    });
  const element = (): Element => {
    const [, name = ''] = take(/<([a-z-]+)/);
    const attributes: Record<string, string> = {};
    while (/\s/.test(xml[at]!)) {
      const [, key = '', value = ''] = take(/\s+([a-z]+)="([^"<\n]*)"/);
      if (key in attributes) throw new Error(`${key} twice`);
      attributes[key] = plain(value);
    }
    if (take(/\/?>/)[0] === '/>') return { name, attributes, children: [], text: '' };
    const children: Element[] = [];
    let text = '';
    for (;;) {
      text += plain(take(/[^<]*/)[0]);
      if (xml.startsWith('</', at)) break;
      children.push(element());
    }
    take(new RegExp(`</${name}>`));
    return { name, attributes, children, text };
  };
  take(/<\?xml version="1\.0" encoding="UTF-8"\?>\s*/);
  const root = element();
  take(/\s*$/);
  return root;
}
