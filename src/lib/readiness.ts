/** Whether a service has what it needs, as `/readyz` answers it. */

/** What a service needs by name: null while it is there, else why not. A rejection is a reason too. */
export type Needs = Readonly<Record<string, () => Promise<string | null> | string | null>>;

/** The answer to `/readyz`. */
export interface Readiness {
  readonly statusCode: 200 | 503;
  readonly body: {
    readonly status: 'ready' | 'not ready';
    readonly problems: Readonly<Record<string, string | null>>;
  };
}

/** Asks for all of it at once. */
export async function readReadiness(needs: Needs): Promise<Readiness> {
  const entries = Object.entries(needs).map(async ([name, ask]) => {
    const problem = await Promise.resolve()
      .then(ask)
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    return [name, problem] as const;
  });
  const problems = Object.fromEntries(await Promise.all(entries));
  const isReady = Object.values(problems).every((problem) => problem === null);
  return {
    statusCode: isReady ? 200 : 503,
    body: { status: isReady ? 'ready' : 'not ready', problems },
  };
}
