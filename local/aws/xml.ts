/** What an awsQuery answer is made of; `undefined` members are left out, lists become `<member>` elements. */
export type XmlValue = string | number | boolean | undefined | XmlValue[] | { [name: string]: XmlValue };

/** `value` as an XML document with the root element `root`. */
export function xml(root: string, value: XmlValue, namespace: string): string {
  return `<?xml version="1.0"?>\n<${root} xmlns="${namespace}">${inner(value)}</${root}>`;
}

function inner(value: XmlValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item) => element('member', item)).join('');
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([name, item]) => element(name, item))
      .join('');
  return String(value).replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

function element(name: string, value: XmlValue): string {
  return value === undefined ? '' : `<${name}>${inner(value)}</${name}>`;
}
