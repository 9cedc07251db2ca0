// Owns the shape of a log as the rooms see it; knows nothing of the library behind it.

type LogLine = (details: Record<string, unknown>, message: string) => void;

/** Members first, then the sentence. The implementation redacts; callers still never pass secrets. */
export interface LogPort {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}
