/** What a registry wants before it answers (RFC 9110, section 11.6.1; distribution, "Token Authentication"). */
export type Challenge =
  | { scheme: 'basic' }
  | { scheme: 'bearer'; realm: string; service?: string; scope?: string; error?: string };

/** Reads a `WWW-Authenticate` header. Of several challenges the bearer one is taken; undefined: none that we know. */
export function parseChallenge(header: string | null): Challenge | undefined {
  const challenges = split(header ?? '');
  const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
  if (bearer !== undefined) {
    const { parameters } = bearer;
    const optional = (name: 'service' | 'scope' | 'error') =>
      parameters.has(name) ? { [name]: parameters.get(name) } : {};
    const realm = parameters.get('realm') ?? '';
    return { scheme: 'bearer', realm, ...optional('service'), ...optional('scope'), ...optional('error') };
  }
  return challenges.some(({ scheme }) => scheme === 'basic') ? { scheme: 'basic' } : undefined;
}

interface Raw {
  scheme: string;
  parameters: Map<string, string>;
}

// A word with `=` behind it is a parameter of the scheme before it; any other word starts the next scheme.
const TOKEN = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g;

function split(header: string): Raw[] {
  const challenges: Raw[] = [];
  for (const [, word = '', quoted, plain] of header.matchAll(TOKEN)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    if (value === undefined) challenges.push({ scheme: word.toLowerCase(), parameters: new Map() });
    else challenges.at(-1)?.parameters.set(word.toLowerCase(), value);
  }
  return challenges;
}
