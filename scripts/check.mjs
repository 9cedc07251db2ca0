// Everything that must hold before a change lands, in the order in which it fails fastest.
import { spawnSync } from 'node:child_process';
import { env } from 'node:process';

const steps = [
  ['format and lint', 'biome', 'ci', '--error-on-warnings', '.'],
  ['types', 'tsc', '-p', 'tsconfig.json'],
  ['unused code', 'knip'],
  ['tests and build', 'vitest', 'run'],
  ['package', 'publint', '--strict'],
];

for (const [title, command, ...args] of steps) {
  // Whoever has just run the tests need not run them again.
  if (command === 'vitest' && env['PORTICO_TESTS_RAN'] === '1') continue;
  console.error(`\n=== ${title}: ${command} ${args.join(' ')}`);
  const { status, error } = spawnSync('npx', ['--no-install', command, ...args], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status === 0) continue;
  console.error(`\n=== failed: ${title}${error ? ` (${error.message})` : ''}`);
  process.exit(1);
}
console.error('\n=== all checks passed');
