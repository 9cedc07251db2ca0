// Owns which commands of the documentation are not executed by its test, each with the reason.

export interface NotExecuted {
  /** How the command begins. */
  readonly begins: string;
  readonly because: string;
}

export const notExecuted: readonly NotExecuted[] = [
  { begins: 'npm ci', because: 'every run of the tests has done it; installing twice would need the network' },
  { begins: 'npm run bench', because: 'takes minutes, and asserts nothing' },
  { begins: 'docker', because: 'needs an engine; test/e2e/docker.test.ts proves the layout without one' },
  { begins: 'claude mcp add', because: 'a command of the host' },
];
