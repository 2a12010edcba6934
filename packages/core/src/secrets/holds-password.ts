/** Whether an address, `user:password@host` with or without a scheme, says a password. */
export function holdsPassword(address: string): boolean {
  const rest = address.replace(/^[a-z][a-z0-9+.-]*:\/\//iu, '');
  const at = rest.lastIndexOf('@');
  return at > 0 && /:./su.test(rest.slice(0, at));
}
