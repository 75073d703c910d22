/** Words for people without the tokens that may have got into them. */

/** `text` with every token of ppalette cut short, as when one was typed in a wrong place. */
export function hideSecrets(text: string): string {
  return text.replace(/\bpp_[A-Za-z0-9_-]{8,}/g, 'pp_...');
}
