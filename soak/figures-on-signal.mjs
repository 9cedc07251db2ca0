// Owns what a gateway under the soak tells of itself, loaded into it before its program: on SIGUSR2 it collects its
// garbage and writes its memory and its open resources to a file. The gateway knows nothing of it.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const directory = process.env.PORTICO_SOAK_FIGURES;

process.on('SIGUSR2', async () => {
  // Twice, with a turn between: what a finaliser lets go of is collected too.
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 50));
  globalThis.gc();
  const resources = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const file = join(directory, `${process.pid}.json`);
  writeFileSync(`${file}.part`, JSON.stringify({ memory: process.memoryUsage(), resources }));
  renameSync(`${file}.part`, file);
});
