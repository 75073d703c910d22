/** Structured logging: one event is one line, JSON in a pipe, readable text on a terminal. */

import pino from 'pino';

/** Levels: error = a person must act, warn = heals by itself, info = life cycle, debug = one check's way. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** A logger: `log.info({ fields }, 'static message')`; `child` adds fields to every line. */
export type Log = pino.Logger;

/** How lines are written. `auto`: text on a terminal, JSON otherwise. */
export type LogFormat = 'auto' | 'json' | 'text';

/** The longest value of one field, so that hostile plugin output cannot flood the log. */
const MAX_FIELD_LENGTH = 2_000;

/** Opens a logger that writes to stderr, so that stdout stays for data. */
export function openLog(options: { level: LogLevel; format: LogFormat }): Log {
  const text = options.format === 'text' || (options.format === 'auto' && process.stderr.isTTY);
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: shortenFields },
    serializers: { error: serializeError },
  };
  if (!text) return pino(settings, pino.destination({ fd: 2, sync: true }));
  return pino(settings, {
    write: (line: string) => {
      process.stderr.write(formatLine(line));
    },
  });
}

/** A logger that writes nothing; for tests and tools. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}

function shortenFields(fields: Record<string, unknown>): Record<string, unknown> {
  const shortened: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const isLong = typeof value === 'string' && value.length > MAX_FIELD_LENGTH;
    shortened[name] = isLong
      ? `${value.slice(0, MAX_FIELD_LENGTH)}... (${value.length} characters)`
      : value;
  }
  return shortened;
}

function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? { code: String(error.code) } : {};
  const cause = error.cause === undefined ? {} : { cause: serializeError(error.cause) };
  return {
    name: error.name,
    message: error.message,
    ...code,
    stack: error.stack,
    ...cause,
  };
}

function formatLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clockTime = String(time).slice(11, 23);
  const details = Object.entries(fields).map(([name, value]) => `${name}=${formatValue(value)}`);
  return `${clockTime} ${String(level).padEnd(5)} ${msg}${details.length ? '  ' : ''}${details.join(' ')}\n`;
}

function formatValue(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'message' in value) {
    return JSON.stringify(value.message);
  }
  return typeof value === 'string' && /^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value);
}
