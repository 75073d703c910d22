/** The address of a server with `mask` in place of its password, which may hold an `@` of its own. */
export function hidePassword(url: string, mask = '***'): string {
  return url.replace(/^([\w+.-]+:\/\/[^:/@]*):.*@/s, `$1:${mask}@`);
}
