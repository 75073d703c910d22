/** Columns and options that more than one kind of objects has. */

/** Text for people. */
export const DESCRIPTION_OPTION = {
  field: 'description',
  flags: '--description <text>',
  reads: 'text',
  help: 'text for people',
} as const;
/** The suites of an object. */
export const SUITES_OPTION = {
  field: 'suites',
  flags: '--suite <name>',
  reads: 'names',
  help: 'its suites (repeatable)',
} as const;
/** The column of names. */
export const NAME = { title: 'NAME', field: 'name' } as const;
/** The column of the last change. */
export const UPDATED = {
  title: 'CHANGED',
  field: 'updatedAt',
  format: 'ago',
  isWide: true,
} as const;
/** The column of ids. */
export const ID = { title: 'ID', field: 'id', isWide: true } as const;
/** The name of an object. */
export const NAME_OPTION = {
  field: 'name',
  flags: '--name <name>',
  reads: 'text',
  help: 'its name',
} as const;

/** Attempts of a problem. */
export const MAX_ATTEMPTS_OPTION = {
  field: 'maxCheckAttempts',
  flags: '--max-attempts <n>',
  reads: 'number',
  help: 'results in a row that make a problem hard',
} as const;
/** Between attempts. */
export const RETRY_OPTION = {
  field: 'retryInterval',
  flags: '--retry-interval <duration>',
  reads: 'seconds',
  isClearable: true,
  help: 'how often while a problem is soft; none: as always',
} as const;
/** How flapping is detected. */
export const FLAPPING_OPTIONS = [
  {
    field: 'flapDetection',
    flags: '--flap-detection <on|off>',
    reads: 'onOff',
    help: 'whether what changes its state too often is flapping',
  },
  {
    field: 'lowFlapThreshold',
    flags: '--low-flap-threshold <percent>',
    reads: 'number',
    isClearable: true,
    help: 'where flapping stops; none: as the site has it',
  },
  {
    field: 'highFlapThreshold',
    flags: '--high-flap-threshold <percent>',
    reads: 'number',
    isClearable: true,
    help: 'where flapping starts; none: as the site has it',
  },
  {
    field: 'flapStates',
    flags: '--flap-states <states>',
    reads: 'names',
    help: 'states that are recorded for it; none: all (repeatable)',
  },
] as const;
/** States that are stalked. */
export const STALKING_OPTION = {
  field: 'stalking',
  flags: '--stalking <states>',
  reads: 'names',
  help: 'states in which a changed output is told; notification: each that is sent (repeatable)',
} as const;
