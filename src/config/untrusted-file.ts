// Owns the refusal of a config file that was only found, and that nobody has agreed to; knows nothing of records.
import { basename, dirname } from 'node:path';
import { GatewayError } from '../errors.ts';
import type { ServerPlan } from './server-plan.ts';
import { summaryOfPlans } from './server-plan.ts';
import type { Trust } from './trusted-files.ts';

export interface UntrustedFile {
  readonly file: string;
  readonly trust: Exclude<Trust, 'trusted'>;
  /** Undefined: a rules file, which starts nothing. */
  readonly plans: readonly ServerPlan[] | undefined;
}

/** A class of its own because `check` and `doctor` go on from there. */
export class UntrustedFileError extends GatewayError {
  readonly untrusted: UntrustedFile;

  constructor(untrusted: UntrustedFile) {
    super('CONFIG_INVALID', describeUntrusted(untrusted), {
      hint: `Look at it, then type: portico trust (in ${dirname(untrusted.file)}). Or name the file to use with --config or GATEWAY_MCP_CONFIG.`,
    });
    this.name = 'UntrustedFileError';
    this.untrusted = untrusted;
  }
}

function describeUntrusted({ file, trust, plans }: UntrustedFile): string {
  const why =
    trust === 'changed' ? 'has changed since it was trusted' : 'was found in the working directory and is not trusted';
  const what = plans === undefined ? 'it would decide who may use what' : `it would use ${summaryOfPlans(plans)}`;
  return `${file} ${why}, so it is not used; ${what}`;
}

/** For one line about it. */
export function shortUntrusted({ file, trust }: UntrustedFile): string {
  return `${basename(file)} ${trust === 'changed' ? 'has changed since it was trusted' : 'is not trusted'}`;
}
