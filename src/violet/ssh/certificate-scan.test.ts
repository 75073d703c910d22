import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readHostCertificate } from './certificate-scan.ts';

/** A server that says this, whatever it hears, and hangs up. */
function speaker(chunks: readonly Uint8Array[]): Duplex {
  const left = [...chunks];
  return new Duplex({
    read() {
      this.push(left.shift() ?? null);
    },
    write: (_chunk, _encoding, done) => done(),
  });
}

test('a server that speaks nonsense shows no certificate', async () => {
  const start = fc.constantFrom('', 'SSH-2.0-x\r\n', 'hello\nSSH-2.0-x\n');
  await fc.assert(
    fc.asyncProperty(start, fc.array(fc.uint8Array()), async (greeting, chunks) => {
      const stream = speaker([Buffer.from(greeting), ...chunks].filter(({ length }) => length > 0));
      expect(await readHostCertificate(stream)).toBeNull();
      expect(stream.destroyed).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('a server that never stops speaking is not listened to for ever', async () => {
  const noise = Buffer.alloc(1_000, 'x');
  for (const first of ['', 'SSH-2.0-x\n\x00\x00\xff\xff']) {
    const stream = speaker([Buffer.from(first, 'latin1'), ...Array(1_000).fill(noise)]);
    expect(await readHostCertificate(stream)).toBeNull();
  }
});
