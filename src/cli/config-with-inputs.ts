// Owns reading the config for a command that is about the values of `${input:id}` as well, and where those are kept.
import type { Inputs } from '../input-wiring.ts';
import type { readConfig } from '../read-config.ts';
import type { CommandRun } from './command.ts';
import { createTerminalLog } from './terminal-log.ts';

type Config = Awaited<ReturnType<typeof readConfig>>;

/** @throws as `readConfig` does */
export async function readConfigWithInputs({
  context,
  settings,
  output,
}: Pick<CommandRun, 'context' | 'settings' | 'output'>): Promise<Config & { readonly inputs: Inputs }> {
  const [{ readConfig }, { createInputs }] = await Promise.all([
    import('../read-config.ts'),
    import('../input-wiring.ts'),
  ]);
  const inputs = createInputs({ ...context, log: createTerminalLog(output) }, settings);
  return { ...(await readConfig(context, settings, { openInputs: inputs.open })), inputs };
}
