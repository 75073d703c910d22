/** The API's objects as YAML. Loaded only when it is asked for: the library takes its time. */

import { Document, isScalar, visit } from 'yaml';
import { escapeQuoted, isUnsafe } from './escape.ts';

/** YAML with a line end; text with anything unsafe in it is quoted and escaped, so the same value. */
export function formatYaml(value: unknown): string {
  // Every value is written out: an alias would surprise those who expect the API's objects.
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, scalar) {
      if (!isScalar(scalar) || typeof scalar.value !== 'string') return;
      const isPlainBlock = !isUnsafe(scalar.value.replaceAll('\n', ''));
      if (!isPlainBlock) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return escapeQuoted(document.toString({ lineWidth: 0 }));
}
