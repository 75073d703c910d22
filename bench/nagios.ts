import type { VioletRow } from './violet.ts';
export async function measureNagios(
  _plugin: { readonly file: string; readonly args: readonly string[] },
  _spanMs: number,
): Promise<VioletRow | null> {
  return null;
}
