// Owns the bundle for apps that install extensions (Claude Desktop: .mcpb): built, validated and packed by its own tool.
// `node scripts/bundle.mjs [FILE]`; PORTICO_SKIP_BUILD=1 takes dist/ as it is.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { argv, env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { packExtension } from '@anthropic-ai/mcpb';
import { build } from 'rolldown';
import { bundleManifest } from './bundle-manifest.mjs';
import { copyProductionTree } from './production-tree.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const described = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const output = resolve(argv[2] ?? join(root, `${described.name}-${described.version}.mcpb`));
const megabytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

if (env['PORTICO_SKIP_BUILD'] !== '1')
  execFileSync(execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' });
const staging = mkdtempSync(join(tmpdir(), 'portico-bundle-'));
try {
  const packages = copyProductionTree(root, staging);
  const manifest = bundleManifest(described, await listedTools());
  writeFileSync(join(staging, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  // Judges the manifest first; what it has against it is printed.
  const packed = await packExtension({ extensionPath: staging, outputPath: output, silent: true });
  if (!packed) throw new Error('mcpb refused the bundle');
  console.log(`${output}: ${megabytes(statSync(output).size)}, ${packages} packages`);
} finally {
  rmSync(staging, { recursive: true, force: true });
}

/** The tools that the gateway itself offers: their file alone, which dist/ has no name for. */
async function listedTools() {
  const input = join(root, 'src', 'upstream', 'tools', 'all-tools.ts');
  const { output } = await build({ input, platform: 'node', tsconfig: false, write: false });
  const { allTools, isListed } = await import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);
  const listed = [...allTools({ debug: false }).values()].filter((one) => isListed(one, undefined));
  return listed.map(({ definition }) => definition);
}
