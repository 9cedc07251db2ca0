// Owns one build of the command per test run: end-to-end tests start the real `dist/main.js`.
import { execFileSync } from 'node:child_process';

export default function build(): void {
  if (process.env['PORTICO_SKIP_BUILD'] === '1') return;
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
}
