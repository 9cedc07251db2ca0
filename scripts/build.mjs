// Owns dist/: src/ in few files, each of which would otherwise be found, read and linked before the first answer. What is
// in packages stays there, where whoever installs this may replace it; of zod alone the few parts in use come along, since
// loading the whole package costs 11 MB. Types are the business of `npm run check`.
import { chmodSync, copyFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

await build({
  input: { main: join(root, 'src', 'main.ts') },
  platform: 'node',
  // Nothing in it is about what comes out.
  tsconfig: false,
  external: (id) => !(id.startsWith('.') || isAbsolute(id) || /^zod(?=\/|$)/.test(id)),
  logLevel: 'warn',
  output: {
    dir: join(root, 'dist'),
    // A file that is no longer made must not live on in the package.
    cleanDir: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    minifyInternalExports: false,
    // What every command needs is one file beside main.js, which finds package.json from where it is itself. What is
    // loaded later is split by who needs it.
    codeSplitting: { groups: [{ name: 'start', tags: ['$initial'], test: /src[\\/](?!main\.ts$)/ }] },
  },
});
chmodSync(join(root, 'dist', 'main.js'), 0o755);
copyFileSync(join(root, 'node_modules', 'zod', 'LICENSE'), join(root, 'dist', 'LICENSE-zod'));
