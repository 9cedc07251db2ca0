// Owns `portico client-metadata`: print the document that stands for this client, for a human who hosts it.
import { type CliCommand, type CommandRun, type CommonOptions, commonOptions, runCommand } from '../command.ts';
import { createTerminalLog } from '../terminal-log.ts';

interface MetadataOptions extends CommonOptions {
  readonly url?: string;
  readonly redirectUri?: readonly string[];
}

export const clientMetadataCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('client-metadata'))
      .description('print the Client ID Metadata Document to host, as JSON')
      .option('--url <url>', 'where it will be (default: oauth.clientMetadataUrl of the config)')
      .option('--redirect-uri <uri...>', 'besides those that the config leads to')
      .action((options: MetadataOptions) =>
        finish(runCommand(context, options, (run) => clientMetadata(run, options))),
      );
  },
};

async function clientMetadata({ context, settings, output }: CommandRun, options: MetadataOptions): Promise<number> {
  const { composeClientMetadata } = await import('../../client-metadata-wiring.ts');
  const { url, redirectUri = [] } = options;
  const places = { ...context, log: createTerminalLog(output) };
  const document = await composeClientMetadata(places, settings, { url, redirectUris: redirectUri });
  // For people too: what is printed is what they host.
  context.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  return 0;
}
