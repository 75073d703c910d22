/** Who may do what: every token has a role. */

/** Each may what those before it may: read; run, submit and acknowledge; change everything. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;

/** What a token allows. */
export type Role = (typeof ROLES)[number];

/** Whether a role includes what `needed` may do. */
export function includesRole(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
