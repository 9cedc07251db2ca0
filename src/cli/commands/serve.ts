// Owns `portico serve`: answer the host first, load and connect after, end everything when the host goes.
import type { Composition } from '../../compose.ts';
import { errorText, GatewayError } from '../../errors.ts';
import type { GatewayRecordWriter, GatewayTale } from '../../gateway-record.ts';
import type { LogPort } from '../../lib/log-port.ts';
import { createLog } from '../../log.ts';
import { findPaths } from '../../paths.ts';
import { resolveSettings } from '../../settings.ts';
import { serveHost } from '../../upstream/server.ts';
import { StdioServerChannel } from '../../upstream/stdio-channel.ts';
import { type CliCommand, type CommonOptions, commonOptions } from '../command.ts';
import type { CliContext, EndReason } from '../context.ts';
import { createOutput, reportFailure } from '../output.ts';

/** There never was a config that could be used; the host has been told by every answer. */
const configExit = 2;

export const serveCommand: CliCommand = {
  add(program, context, finish) {
    const expose = program
      .createOption('--expose <how>', 'meta: tools behind meta tools (default); direct: each tool, as server__tool')
      .choices(['meta', 'direct']);
    commonOptions(program.command('serve', { isDefault: true }))
      .description('the stdio gateway: add this to a host (default)')
      .option('--agent <id>', 'act as this agent of the rules, whatever a call says')
      .addOption(expose)
      .option('--debug', 'also offer get_gateway_status, and log more')
      .action((options: CommonOptions) => finish(serve(context, options)));
  },
};

async function serve(context: CliContext, options: CommonOptions): Promise<number> {
  const stdout = context.claimStdout();
  let settings: ReturnType<typeof resolveSettings>;
  try {
    settings = resolveSettings(options, context.env);
  } catch (error) {
    return reportFailure(createOutput(context, { json: false }), error);
  }
  const log = createLog({ level: settings.logLevel, stream: context.stderr });
  const channel = new StdioServerChannel(context.stdin, stdout);
  const loading = load(context, settings, log);
  context.onEnd((reason) => {
    if (isReload(reason, context)) {
      log.info({ reason }, 'reading the config again');
      loading.then(
        (composition) => composition.reload(),
        () => undefined,
      );
      return;
    }
    log.info({ reason }, 'ending');
    void channel.close();
  });
  const gateway = loading.then(({ gateway }) => gateway);
  gateway.catch((error: unknown) => {
    const hint = error instanceof GatewayError ? error.hint : undefined;
    log.error({ hint }, errorText(error));
  });
  const recording = record(context, settings, { loading, log });
  const { debug, expose } = settings;
  await serveHost(channel, { gateway, log }, { version: context.version, debug, expose });
  const code = await end(loading);
  await (await recording)?.close();
  return code;
}

/** Tells other processes of this gateway, for `portico status`; whatever comes of it, the gateway goes on. */
async function record(
  context: CliContext,
  { lockedAgent }: ReturnType<typeof resolveSettings>,
  { loading, log }: { readonly loading: Promise<Composition>; readonly log: LogPort },
): Promise<GatewayRecordWriter | undefined> {
  try {
    const composition = await loading.catch((error: unknown) => errorText(error));
    const [{ failedTale, gatewayTale }, { keepGatewayRecord }] = await Promise.all([
      import('../../gateway-record-wiring.ts'),
      import('../../gateway-record.ts'),
    ]);
    const { gatewaysDir } = findPaths(context);
    const tell = (): GatewayTale =>
      typeof composition === 'string' ? failedTale(composition, lockedAgent) : gatewayTale(composition, lockedAgent);
    const writer = keepGatewayRecord({ ...context, log }, { directory: gatewaysDir, tell });
    context.onExit(() => writer.removeNow());
    void writer.look();
    return writer;
  } catch (err) {
    log.debug({ err }, 'what this gateway does is not recorded');
    return undefined;
  }
}

async function load(
  context: CliContext,
  settings: ReturnType<typeof resolveSettings>,
  log: LogPort,
): Promise<Composition> {
  // The handshake comes first: nothing below is needed for it, and loading it would delay the answer.
  await new Promise((resolve) => setImmediate(resolve));
  const { compose } = await import('../../compose.ts');
  const composition = await compose({ ...context, log }, settings, { isServing: true });
  context.onExit(() => composition.killNow());
  composition.startEager();
  composition.watch();
  return composition;
}

async function end(loading: Promise<Composition>): Promise<number> {
  let composition: Composition;
  try {
    composition = await loading;
  } catch (error) {
    return error instanceof GatewayError && error.code === 'CONFIG_INVALID' ? configExit : 70;
  }
  await composition.close();
  return composition.isUnusable ? configExit : 0;
}

/**
 * A terminal that goes away sends the same signal as somebody who changed the config, and Windows for a closed console
 * window. A host that goes away closes stdin, or is missed as the parent.
 */
function isReload(reason: EndReason, { platform, stdin }: CliContext): boolean {
  return reason === 'SIGHUP' && platform !== 'win32' && stdin.isTTY !== true;
}
