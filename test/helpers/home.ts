// Owns the files and the environment of one user of the gateway: config, rules, logins, audit log, in a directory of its
// own. Knows nothing of processes.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env as ownEnvironment } from 'node:process';
import type { AuditRecord } from '../../src/audit/record.ts';
import { approvingBrowser } from './programs.ts';

export interface HomeOptions {
  /** `mcpServers` of the config. */
  readonly servers?: Readonly<Record<string, object>>;
  readonly rules?: object;
  /** `approves`: a browser whose human approves; `none` (default): there is no browser. */
  readonly browser?: 'approves' | 'none';
  readonly env?: Readonly<Record<string, string>>;
}

/** What a host hands down besides: its PATH and the like, and nothing that steers a gateway. */
function plainEnvironment(): Record<string, string> {
  const kept = Object.entries(ownEnvironment).filter(
    ([name]) => !/^(GATEWAY_|XDG_|VITEST|NODE_|npm_|DISPLAY|WAYLAND|BROWSER|SSH_)/i.test(name),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

export class Home {
  readonly directory = mkdtempSync(join(tmpdir(), 'portico-e2e-'));
  readonly configFile = join(this.directory, '.mcp.json');
  readonly rulesFile = join(this.directory, 'gateway-rules.json');
  readonly tokenDirectory = join(this.directory, 'logins');
  readonly auditFile = join(this.directory, 'logs', 'audit.jsonl');
  readonly #openingsFile = join(this.directory, 'openings');
  readonly env: Readonly<Record<string, string>>;

  constructor({ servers = {}, rules, browser = 'none', env = {} }: HomeOptions = {}) {
    this.writeServers(servers);
    if (rules !== undefined) this.writeRules(rules);
    this.env = {
      ...plainEnvironment(),
      HOME: this.directory,
      GATEWAY_MCP_CONFIG: this.configFile,
      GATEWAY_TOKEN_DIR: this.tokenDirectory,
      GATEWAY_AUDIT_LOG: this.auditFile,
      GATEWAY_BROWSER: browser === 'approves' ? approvingBrowser : 'none',
      PORTICO_TEST_OPENINGS: this.#openingsFile,
      ...env,
    };
  }

  writeServers(servers: Readonly<Record<string, object>>): void {
    writeFileSync(this.configFile, JSON.stringify({ mcpServers: servers }, null, 2));
  }

  writeRules(rules: object): void {
    writeFileSync(this.rulesFile, JSON.stringify(rules, null, 2));
  }

  /** A file or folder inside; parent folders are made. */
  write(name: string, text: string): string {
    const path = join(this.directory, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** The URLs that a browser was opened with. */
  openings(): string[] {
    return linesOf(this.#openingsFile);
  }

  audit(): AuditRecord[] {
    return linesOf(this.auditFile).map((line) => JSON.parse(line) as AuditRecord);
  }

  /** The login files, parsed, and without the marks of open logins. */
  logins(): Record<string, unknown>[] {
    return this.loginFiles().map((path) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>);
  }

  loginFiles(): string[] {
    return this.files().filter((path) => /[0-9a-f]{32}\.json$/.test(path));
  }

  /** Every file of the home, deep. */
  files(): string[] {
    const entries = readdirSync(this.directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }

  mode(path: string): string {
    return (statSync(path).mode & 0o777).toString(8);
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
