// Owns the table of error codes and the one error class that crosses rooms; knows nothing of MCP messages or OAuth.

/** What each code means, how a command line run ends with it, and whether trying again can help. */
export const errorTable = {
  DENIED_BY_POLICY: {
    meaning: 'The rules do not let this agent do that, or nobody has agreed to the tool as it is now.',
    exitCode: 2,
    retry: 'after a change',
  },
  INVALID_AGENT_ID: {
    meaning: 'The agent id is missing, or not the locked one.',
    exitCode: 2,
    retry: 'after a change',
  },
  NO_FALLBACK_CONFIGURED: {
    meaning: 'No agent id was given and the rules name no default agent.',
    exitCode: 2,
    retry: 'after a change',
  },
  FALLBACK_AGENT_NOT_IN_RULES: {
    meaning: 'The configured default agent does not exist in the rules.',
    exitCode: 2,
    retry: 'after a change',
  },
  SERVER_NOT_FOUND: { meaning: 'No server of that name is configured.', exitCode: 2, retry: 'after a change' },
  SERVER_UNAVAILABLE: {
    meaning:
      'The server could not be started or reached, its connection broke, or it answered a call with a protocol error.',
    exitCode: 4,
    retry: 'later',
  },
  TOOL_NOT_FOUND: { meaning: 'The server has no tool of that name.', exitCode: 2, retry: 'after a change' },
  INVALID_ARGUMENTS: {
    meaning: 'The arguments of the call do not have the expected form.',
    exitCode: 2,
    retry: 'after a change',
  },
  TIMEOUT: { meaning: 'The server did not answer within the time limit.', exitCode: 4, retry: 'later' },
  CANCELLED: { meaning: 'The caller cancelled, or went away.', exitCode: 4, retry: 'as you like' },
  AUTH_REQUIRED: { meaning: 'A human must log in to this server.', exitCode: 3, retry: 'after the login' },
  AUTH_PENDING: { meaning: 'A login to this server is open and not finished.', exitCode: 3, retry: 'after the login' },
  AUTH_FAILED: { meaning: 'The login was refused or went wrong.', exitCode: 3, retry: 'after a change' },
  RESULT_TOO_LARGE: {
    meaning: 'The answer is larger than one message may be.',
    exitCode: 4,
    retry: 'after a change',
  },
  RESULT_NOT_FOUND: {
    meaning: 'No result with that id is kept for this agent, or none any more.',
    exitCode: 2,
    retry: 'after a change',
  },
  CONFIG_INVALID: { meaning: 'A config, rules or login file cannot be used.', exitCode: 2, retry: 'after a change' },
  INTERNAL: { meaning: 'A defect of the gateway itself.', exitCode: 70, retry: 'no' },
} as const satisfies Record<string, { meaning: string; exitCode: number; retry: string }>;

export type ErrorCode = keyof typeof errorTable;

export interface GatewayErrorDetails {
  /** The next thing to type or change. */
  readonly hint?: string | undefined;
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
  /** The rule that decided, as it stands in the rules file. */
  readonly rule?: string | undefined;
  /** The URL a human has to open. */
  readonly loginUrl?: string | undefined;
  /** What the human enters there (RFC 8628). */
  readonly userCode?: string | undefined;
  readonly cause?: unknown;
}

/** An error with a code of the table: the message says what happened to which server, the hint what to do next. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly server: string | undefined;
  readonly tool: string | undefined;
  readonly rule: string | undefined;
  readonly loginUrl: string | undefined;
  readonly userCode: string | undefined;

  constructor(code: ErrorCode, message: string, details: GatewayErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.hint = details.hint;
    this.server = details.server;
    this.tool = details.tool;
    this.rule = details.rule;
    this.loginUrl = details.loginUrl;
    this.userCode = details.userCode;
  }
}

/** What a resource server asked for in `WWW-Authenticate` (RFC 6750 section 3, RFC 9728 section 5.1). */
export interface AuthChallenge {
  readonly resourceMetadataUrl?: string;
  readonly scope?: string;
  readonly error?: string;
  readonly errorDescription?: string;
  /** The server takes DPoP-bound tokens and no bearer tokens (RFC 9449 section 7.1). */
  readonly dpop?: true;
}

/**
 * A request cannot be answered before a human has logged in. Thrown out of the authorized `fetch` (a `fetch` never
 * waits for a human) and caught by the use case that can start a login.
 */
export class LoginRequiredError extends GatewayError {
  readonly challenge: AuthChallenge;

  constructor(server: string, challenge: AuthChallenge, message = `server '${server}' needs a login`) {
    super('AUTH_REQUIRED', message, { server, hint: `portico login ${server}` });
    this.name = 'LoginRequiredError';
    this.challenge = challenge;
  }
}

/**
 * An open login ended without anybody's verdict on it: the process that held it is gone, or it was begun anew. Whoever
 * still waits may start the next login, or join the one that was started by then.
 */
export class LoginAbandonedError extends GatewayError {
  /** A browser window was opened for it: the human may still have a page before them that leads nowhere now. */
  readonly hadWindow: boolean;

  constructor(
    code: 'AUTH_FAILED' | 'CANCELLED',
    message: string,
    { hadWindow = false, ...details }: GatewayErrorDetails & { readonly hadWindow?: boolean } = {},
  ) {
    super(code, message, details);
    this.name = 'LoginAbandonedError';
    this.hadWindow = hadWindow;
  }
}

/** The text of anything thrown, for a sentence that quotes it. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
