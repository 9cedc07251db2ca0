// Owns the channel to a stdio server: one child process, one message per line. Knows nothing of MCP's conversation.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { StdioServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { LineFraming } from '../wire/line-framing.ts';
import { LineWriter } from '../wire/line-writer.ts';
import type { JsonRpcMessage } from '../wire/messages.ts';
import { ConnectionClosedError } from '../wire/rpc-error.ts';
import { childEnvironment, pathVariable } from './child-environment.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import { findCommand } from './find-command.ts';
import { createMask } from './mask-secrets.ts';
import { createNoiseLog, type NoiseLog } from './noise-log.ts';
import type { ProcessTree } from './process-tree.ts';
import { createProcessTrees } from './process-trees.ts';
import { oversizedFailure, readMessages } from './read-message.ts';
import type { ServerChannel } from './server-channel.ts';
import type { ProcessLog } from './server-logs.ts';
import { StderrTail } from './stderr-tail.ts';
import { type Launch, launchOf, unpassableArgument } from './windows-command.ts';

/** A descendant may hold stdout open after the child itself has ended; nobody answers there any more. Milliseconds. */
const lastWordsMs = 250;
const stderrLines = 10;

type StdioDeps = Pick<
  DownstreamDeps,
  'env' | 'execPath' | 'platform' | 'now' | 'log' | 'guard' | 'loginShell' | 'serverLogs' | 'trees'
>;

export class StdioChannel implements ServerChannel {
  readonly transport = 'stdio';
  onmessage: ServerChannel['onmessage'];
  onerror: ServerChannel['onerror'];
  onclose: ServerChannel['onclose'];
  readonly #deps: StdioDeps;
  readonly #entry: StdioServerEntry;
  readonly #stderr: StderrTail;
  readonly #log: ProcessLog | undefined;
  readonly #noise: NoiseLog;
  readonly #framing: LineFraming;
  #child: ChildProcess | undefined;
  #tree: ProcessTree | undefined;
  #watched: number | undefined;
  #closed = false;
  #ended: string | undefined;
  #writer: LineWriter | undefined;

  constructor(deps: StdioDeps, entry: StdioServerEntry, maxMessageBytes?: number) {
    this.#deps = deps;
    this.#entry = entry;
    const mask = createMask(entry.env);
    this.#stderr = new StderrTail(mask);
    this.#log = deps.serverLogs?.open(entry.name, mask);
    this.#noise = createNoiseLog(deps, entry.name);
    this.#framing = new LineFraming(
      { line: (text, size) => this.#receive(text, size), oversized: (...line) => this.#receiveOversized(...line) },
      maxMessageBytes,
    );
  }

  /** The child's process id, and on POSIX that of its group, once started. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get runningPid(): number | undefined {
    return this.#ended === undefined ? this.pid : undefined;
  }

  /** @throws GatewayError SERVER_UNAVAILABLE there is no such program; the system's own error where it cannot start */
  async start(): Promise<void> {
    const { platform } = this.#deps;
    const command = await findCommand(this.#entry, this.#deps);
    const env = childEnvironment(this.#entry, this.#deps.env, platform);
    // `npx` and other scripts look for `node` on the PATH themselves.
    env[pathVariable(env, platform).name] = command.path;
    if (this.#closed) throw new ConnectionClosedError();
    const launch = this.#launch(command.file);
    const child = spawn(launch.file, [...launch.args], {
      ...(this.#entry.cwd !== undefined && { cwd: this.#entry.cwd }),
      env,
      stdio: 'pipe',
      // On Windows this would be a console of its own; elsewhere it is the process group that the tree is ended by.
      detached: platform !== 'win32',
      windowsHide: true,
      windowsVerbatimArguments: launch.verbatim,
    });
    if (child.pid === undefined) throw (await once(child, 'error'))[0];
    this.#attach(child, child.pid);
  }

  #launch(file: string): Launch {
    const { name, args } = this.#entry;
    const { platform } = this.#deps;
    const unpassable = unpassableArgument(file, args, platform);
    if (unpassable === undefined) return launchOf(file, args, this.#deps);
    const what = `its argument ${unpassable} holds a line break, which '${file}' cannot be given`;
    throw new GatewayError('SERVER_UNAVAILABLE', `server '${name}' cannot be started: ${what}`, {
      server: name,
      hint: 'write as "command" the program that this file starts, for example node, and its script as first of "args"',
    });
  }

  #attach(child: ChildProcess, pid: number): void {
    this.#child = child;
    if (child.stdin) this.#writer = new LineWriter(child.stdin);
    const trees = this.#deps.trees ?? createProcessTrees(this.#deps);
    this.#tree = trees({ pid, isRunning: () => child.exitCode === null && child.signalCode === null });
    this.#watched = pid;
    this.#deps.guard?.watch(pid);
    child.stdout?.on('data', (chunk: Buffer) => this.#framing.push(chunk));
    child.stdout?.on('end', () => this.#framing.end());
    this.#log?.started(pid);
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr.push(chunk);
      this.#log?.stderr(chunk);
    });
    for (const stream of [child, child.stdin, child.stdout, child.stderr]) {
      // A broken pipe is told by the exit that follows it.
      stream?.on('error', (error) => this.#deps.log.debug({ server: this.#entry.name, err: error }, 'pipe broke'));
    }
    child.once('exit', (code, signal) => {
      this.#ended = signal === null ? `it exited with code ${code ?? 'unknown'}` : `it was ended by ${signal}`;
      setTimeout(() => this.#finish(), lastWordsMs).unref();
    });
    child.once('close', () => this.#finish());
  }

  async send(message: JsonRpcMessage): Promise<void> {
    const stdin = this.#child?.stdin;
    if (this.#closed || !stdin?.writable) throw new ConnectionClosedError();
    await this.#writer?.write(JSON.stringify(message));
  }

  /** Ends the child and everything it started: within 5 s nothing of it is left. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#writer?.flush();
    await this.#endTree(() => this.#child?.stdin?.end());
    this.#finish();
  }

  killNow(): void {
    this.#closed = true;
    this.#tree?.killNow();
  }

  describeEnd(): string | undefined {
    const lines = this.#stderr.lastLines(stderrLines);
    const said = lines.length > 0 ? `its last lines on stderr: ${lines.join('\n')}` : 'it wrote nothing to stderr';
    return this.#ended === undefined ? (lines.length > 0 ? said : undefined) : `${this.#ended}; ${said}`;
  }

  #receive(text: string, size: number): void {
    const messages = readMessages(text);
    if (!messages) this.#noise.skipped(text, size);
    else for (const message of messages) this.onmessage?.(message, size);
  }

  #receiveOversized(head: string, tail: string, size: number): void {
    const failure = oversizedFailure(head, tail, size);
    if (failure) this.onmessage?.(failure, size);
    else this.#noise.skipped(head, size);
  }

  /** The child is gone, or has been sent away: tells it once, and sees to what the child may have left running. */
  #finish(): void {
    const { onclose } = this;
    this.onclose = undefined;
    this.#closed = true;
    this.#child?.stdout?.destroy();
    this.#child?.stderr?.destroy();
    this.#child?.stdin?.destroy();
    this.#log?.ended(this.#ended ?? 'ended');
    void this.#endTree(() => undefined);
    onclose?.();
  }

  async #endTree(closeInput: () => void): Promise<void> {
    if (!this.#tree) return;
    await this.#tree.end(closeInput);
    if (this.#watched !== undefined) this.#deps.guard?.forget(this.#watched);
    this.#watched = undefined;
  }
}
