// Owns one running gateway: a server process with the meta tools of the gateway as methods.
import { execPath } from 'node:process';
import type { Home } from './home.ts';
import { type Json, JsonRpcProcess, type RequestOptions, type Result } from './json-rpc-process.ts';
import { mainFile } from './programs.ts';

export interface GatewayOptions {
  /** After `portico`; default `serve`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The program; default the one that is tested everywhere. */
  readonly main?: string;
  /** Before the program. */
  readonly nodeArgs?: readonly string[];
}

export class GatewayProcess extends JsonRpcProcess {
  constructor(
    home: Pick<Home, 'directory' | 'env'>,
    { args = ['serve'], env = {}, main = mainFile, nodeArgs = [] }: GatewayOptions = {},
  ) {
    super({
      command: execPath,
      args: [...nodeArgs, main, ...args],
      cwd: home.directory,
      env: { ...home.env, ...env },
    });
  }

  /** The value of a meta tool that must succeed. */
  async value(name: string, args: object = {}): Promise<Json> {
    const result = await this.callTool(name, args);
    if (result.isError) throw new Error(`${name} failed: ${JSON.stringify(result)}`);
    return result.structuredContent;
  }

  /** The error of a meta tool that must fail. */
  async failure(name: string, args: object = {}, options: RequestOptions = {}): Promise<Json> {
    const result = await this.callTool(name, args, options);
    if (!result.isError || !result.structuredContent?.error) {
      throw new Error(`${name} did not fail: ${JSON.stringify(result).slice(0, 500)}`);
    }
    return result.structuredContent.error;
  }

  /** A call of a downstream tool that must arrive and succeed. */
  async execute(server: string, tool: string, args: object = {}, options: RequestOptions = {}): Promise<Result> {
    const result = await this.callTool('execute_tool', { server, tool, args }, options);
    if (result.isError) throw new Error(`${server}.${tool} failed: ${JSON.stringify(result).slice(0, 2000)}`);
    return result;
  }

  async executeText(server: string, tool: string, args: object = {}): Promise<string> {
    return (await this.execute(server, tool, args)).content[0].text;
  }

  /** One server of list_servers. */
  async listed(server: string): Promise<Json> {
    const { servers } = await this.value('list_servers', { include_metadata: true });
    return servers.find(({ name }: { name: string }) => name === server);
  }
}
