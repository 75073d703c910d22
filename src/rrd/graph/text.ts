/** Text for SVG: whatever it holds, it is only text. */

/** Not allowed in XML, or made to deceive the eye: controls, lone surrogates, changes of direction. */
const UNFIT =
  /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

/** The text as XML, in elements and attributes alike. */
export function escapeText(text: string): string {
  return text.replace(UNFIT, '\ufffd').replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '');
}

/** At most `length` characters, the last a sign that some are missing. */
export function cutText(text: string, length: number): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  return `${characters.slice(0, Math.max(0, length - 1)).join('')}…`;
}
