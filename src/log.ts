// Owns the log: JSON lines on the stream it is given, redacted; knows nothing of who writes them.
import { createRequire } from 'node:module';
import type { Logger } from 'pino';
import type { LogPort } from './lib/log-port.ts';
import { redact, redactValue } from './lib/redact.ts';

const levels = { debug: 20, info: 30, warn: 40, error: 50, silent: 100 } as const;

export type LogLevel = keyof typeof levels;
type LineLevel = Exclude<LogLevel, 'silent'>;

export const logLevels: readonly LogLevel[] = Object.keys(levels) as LogLevel[];

export function isLogLevel(text: string): text is LogLevel {
  return Object.hasOwn(levels, text);
}

export interface LogSettings {
  /** `GATEWAY_LOG_LEVEL` as it is written; something unknown counts as `info`, and the first line says so. */
  readonly level: string;
  /** Written to synchronously, one line a call: what was logged is there when the process ends. */
  readonly stream: { write(line: string): unknown };
  /** Epoch ms. */
  readonly now?: () => number;
  /** Members of every line. */
  readonly base?: Readonly<Record<string, unknown>>;
}

/** Nothing is loaded before the first line that is really written: the log costs no start-up time. */
export function createLog(settings: LogSettings): LogPort {
  const level = isLogLevel(settings.level) ? settings.level : 'info';
  let logger: Logger | undefined;
  const line =
    (lineLevel: LineLevel): LogPort[LineLevel] =>
    (details, message) => {
      if (levels[lineLevel] < levels[level]) return;
      logger ??= openLogger(settings, level);
      // Keys at any depth are looked at, which the library's own redaction paths cannot do.
      logger[lineLevel](redactValue(details) as Record<string, unknown>, redact(message));
    };
  const log: LogPort = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  if (!isLogLevel(settings.level)) {
    log.warn({ known: logLevels }, 'the log level is unknown (GATEWAY_LOG_LEVEL); info is used');
  }
  return Object.freeze(log);
}

function openLogger({ stream, now, base }: LogSettings, level: LogLevel): Logger {
  // `require` because the first line must be written before this call returns.
  const { pino } = createRequire(import.meta.url)('pino') as typeof import('pino');
  return pino(
    {
      level,
      base: base ? (redactValue(base) as Record<string, unknown>) : {},
      // Errors are plain objects by now.
      serializers: {},
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date(now ? now() : Date.now()).toISOString()}"`,
    },
    stream as { write(line: string): void },
  );
}
