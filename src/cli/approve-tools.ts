// Owns agreeing to a server's tools as they are now: what differs is shown, a human is asked, and only then it is recorded.
import type { ToolComparison } from '../compose.ts';
import { GatewayError } from '../errors.ts';
import { askYesNo, mayAsk } from './ask.ts';
import { type CommandRun, withGateway } from './command.ts';
import { createTerminalHost } from './terminal-host.ts';
import { differenceLines } from './tool-differences.ts';

export interface ApproveOptions {
  readonly yes?: boolean;
}

const declined = 1;

/** No rules are asked: it is not an agent who looks here. */
export function approveTools(run: CommandRun, server: string, { yes = false }: ApproveOptions): Promise<number> {
  return withGateway(run, async ({ pins }) => {
    const { context, output } = run;
    const compared = await pins.compare(server, createTerminalHost(context, output));
    if (!compared) throw notPinned(server);
    const about = { server, ...namesOf(compared) };
    for (const line of differenceLines(compared.differences)) output.line(line);
    if (compared.differences.length === 0) {
      output.document({ ...about, state: 'agreed', written: false });
      output.line(`The tools of ${server} are as they were agreed to.`);
      return 0;
    }
    if (!yes && !(await isAgreed(run, server))) {
      output.line('Nothing was changed.');
      return declined;
    }
    await compared.agree();
    output.document({ ...about, state: 'agreed', written: true });
    output.line('Agreed, as they are now. Running gateways take it up by themselves.');
    return 0;
  });
}

export function namesOf({ differences }: Pick<ToolComparison, 'differences'>) {
  const names = (wanted: string): readonly string[] =>
    differences.filter(({ kind }) => kind === wanted).map(({ tool }) => tool);
  return { changed: names('changed'), new: names('new') };
}

async function isAgreed(run: CommandRun, server: string): Promise<boolean> {
  if (mayAsk(run)) return await askYesNo(run, 'Do you agree to these tools?');
  throw new GatewayError('INVALID_ARGUMENTS', 'there is no terminal to ask whether this is agreed to', {
    hint: `Look at it with: portico tools ${server}. Then type: portico tools ${server} --approve --yes`,
  });
}

function notPinned(server: string): GatewayError {
  return new GatewayError('INVALID_ARGUMENTS', `the tools of server '${server}' are not pinned`, {
    server,
    hint: 'Write "toolPinning": "mark" or "block" into its entry in the config.',
  });
}
