/** RFC 1035 label: what Kubernetes takes as the name of a Service and a Namespace. */
const APP_NAME = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Why `name` cannot be an app, in words for the person who pushes; `undefined` where it can. */
export function faultOfAppName(name: string): string | undefined {
  if (APP_NAME.test(name)) return undefined;
  return (
    `${JSON.stringify(name.slice(0, 80))} cannot be the name of an app: take 1 to 63 of a-z, 0-9 and -, ` +
    'beginning with a letter and ending with a letter or digit, as in <address>/hello.git'
  );
}
