/** What XML 1.0 cannot hold, however it is written. */
const FORBIDDEN =
  // oxlint-disable-next-line no-control-regex -- these are the characters
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // A reader would make blanks of them in an attribute.
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};

/** Any text as content or attribute of XML 1.0. What XML cannot hold becomes `?`. */
export const xmlText = (text: string): string =>
  text.replaceAll(FORBIDDEN, '?').replaceAll(/[&<>"'\n\r\t]/g, (character) => ENTITIES[character] ?? character);

export type Attributes = Readonly<Record<string, string | number>>;

/** An element with its children, which are XML already. */
export function xmlElement(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlText(String(value))}"`);
  const open = `<${name}${written.join('')}`;
  return children.length === 0 ? `${open}/>` : `${open}>\n${indented(children)}\n</${name}>`;
}

const indented = (children: readonly string[]): string =>
  children.map((child) => child.replaceAll(/^/gm, '  ')).join('\n');
