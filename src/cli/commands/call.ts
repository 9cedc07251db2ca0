// Owns `portico call`: one tool call from the terminal, on the same road as a host's.
import { GatewayError } from '../../errors.ts';
import {
  type CliCommand,
  type CommandRun,
  type CommonOptions,
  commonOptions,
  runCommand,
  withGateway,
} from '../command.ts';
import { createTerminalHost } from '../terminal-host.ts';

/** The call arrived, and the tool itself says that it failed. */
const toolErrorExit = 1;

interface CallOptions extends CommonOptions {
  readonly timeout?: string;
}

export const callCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('call'))
      .description('call a tool; exit 1 when the tool reports an error')
      .argument('<server>')
      .argument('<tool>')
      .argument('[arguments]', 'a JSON object', '{}')
      .option('--agent <id>', 'call as this agent of the rules')
      .option('--timeout <ms>', 'limit of the call in milliseconds')
      .action((server: string, tool: string, text: string, options: CallOptions) =>
        finish(runCommand(context, options, (run) => call(run, server, tool, text, options))),
      );
  },
};

async function call(
  run: CommandRun,
  server: string,
  tool: string,
  text: string,
  options: CallOptions,
): Promise<number> {
  const args = parseArguments(text);
  const timeoutMs = parseTimeout(options.timeout);
  return await withGateway(run, async ({ gateway }) => {
    const { output, context } = run;
    const result = await gateway.executeTool(
      { server, tool, args, timeoutMs, whole: true },
      createTerminalHost(context, output),
    );
    output.document(result);
    const { content } = result;
    for (const item of Array.isArray(content) ? content : []) output.line(describeContent(item));
    if (!Array.isArray(content) || content.length === 0) output.line(JSON.stringify(result, null, 2));
    return result['isError'] === true ? toolErrorExit : 0;
  });
}

function parseArguments(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new GatewayError('INVALID_ARGUMENTS', 'the arguments are not JSON', {
      hint: `For example: portico call SERVER TOOL '{"name": "value"}'`,
      cause: error,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new GatewayError('INVALID_ARGUMENTS', 'the arguments are not a JSON object', {
    hint: `For example: portico call SERVER TOOL '{"name": "value"}'`,
  });
}

function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new GatewayError('INVALID_ARGUMENTS', `--timeout is "${text.slice(0, 40)}"; expected milliseconds`);
}

function describeContent(item: unknown): string {
  const { type, text, mimeType, data, uri } = item as Record<string, unknown>;
  if (type === 'text') return String(text);
  if (typeof data === 'string') return `[${String(type)} ${String(mimeType)}, ${data.length} characters of base64]`;
  return typeof uri === 'string' ? `[${String(type)} ${uri}]` : JSON.stringify(item);
}
