/** The keys that violet logs in with: files without a passphrase, and those that an agent holds. */

import { readFile } from 'node:fs/promises';
import ssh2, { type AnyAuthMethod, type ParsedKey } from 'ssh2';

/** Where keys are. */
export interface IdentitySettings {
  /** Files with private keys; those that are missing are passed over. */
  readonly keys: readonly string[];
  /** The socket of an agent; empty for none. */
  readonly agent: string;
}

/** What there is to log in with. */
export interface Identities {
  /** Files first, in their order, then the agent. */
  methods(login: string): AnyAuthMethod[];
  /** What was tried, or why not, for texts; never what is in a file. */
  readonly description: string;
}

/** Reads the keys as they are now. Never rejects: what cannot be used is in the description. */
export async function readIdentities(settings: IdentitySettings): Promise<Identities> {
  const files = await Promise.all(settings.keys.map(readKey));
  const keys = files.flatMap(({ key }) => key ?? []);
  const remarks = files.flatMap(({ remark }) => remark ?? []);
  const { agent } = settings;
  if (agent !== '') remarks.push(`the agent at ${agent}`);
  return {
    methods: (username) => [
      ...keys.map((key) => ({ type: 'publickey', username, key }) as const),
      ...(agent === ''
        ? []
        : [{ type: 'agent', username, agent: new ssh2.OpenSSHAgent(agent) } as const]),
    ],
    description:
      remarks.length > 0
        ? remarks.join(', ')
        : `no key: there is none of ${settings.keys.join(', ')}`,
  };
}

interface KeyFile {
  readonly key?: ParsedKey;
  /** Its path, and what is wrong with it. Absent when there is no such file. */
  readonly remark?: string;
}

async function readKey(path: string): Promise<KeyFile> {
  let text: Buffer;
  try {
    text = await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return code === 'ENOENT' ? {} : { remark: `${path} (cannot be read: ${code})` };
  }
  const key = ssh2.utils.parseKey(text);
  if (!(key instanceof Error) && key.isPrivateKey()) return { key, remark: path };
  const isEncrypted = key instanceof Error && /passphrase/.test(key.message);
  return {
    remark: `${path} (${isEncrypted ? 'has a passphrase: add it to the agent' : 'is no private key'})`,
  };
}
