// Owns which commands there are, in the order of `--help`.
import type { CliCommand } from '../command.ts';
import { callCommand } from './call.ts';
import { checkCommand } from './check.ts';
import { clientMetadataCommand } from './client-metadata.ts';
import { doctorCommand } from './doctor.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { importConfigCommand } from './import-config.ts';
import { initCommand } from './init.ts';
import { installCommand } from './install.ts';
import { loginCommand } from './login.ts';
import { logoutCommand } from './logout.ts';
import { serveCommand } from './serve.ts';
import { statusCommand } from './status.ts';
import { toolsCommand } from './tools.ts';
import { trustCommand } from './trust.ts';

export const allCommands: readonly CliCommand[] = [
  serveCommand,
  loginCommand,
  logoutCommand,
  statusCommand,
  toolsCommand,
  callCommand,
  checkCommand,
  doctorCommand,
  trustCommand,
  exportCommand,
  importCommand,
  initCommand,
  installCommand,
  importConfigCommand,
  clientMetadataCommand,
];
