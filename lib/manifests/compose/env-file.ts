/**
 * The variables of an env file, in its order (Compose Specification, "env_file"): `NAME=VALUE` a line, `#` for remarks,
 * values in quotes as they are but for escapes in double ones.
 */
export function parseEnvFile(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const [, name, raw = ''] = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined && name !== '__proto__') variables[name] = heldBy(raw.trim());
  }
  return variables;
}

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t' };

function heldBy(raw: string): string {
  const single = /^'([^']*)'/.exec(raw)?.[1];
  if (single !== undefined) return single;
  const double = /^"((?:[^"\\]|\\.)*)"/.exec(raw)?.[1];
  if (double !== undefined) return double.replace(/\\(.)/g, (_, letter) => ESCAPES[letter] ?? letter);
  return raw.replace(/(^|\s)#.*$/, '').trimEnd();
}
