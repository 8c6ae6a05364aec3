// Distribution, "Token Scope Documentation".

export function pullScope(path: string): string {
  return `repository:${path}:pull`;
}

export function publishScope(path: string): string {
  return `repository:${path}:pull,push`;
}
