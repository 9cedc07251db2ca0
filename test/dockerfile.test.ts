// Holds Dockerfile, .dockerignore and compose.yaml against each other, against the files that they name, and against what
// an image must not do.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { execForm, type Instruction, imageConfig, lastStage, pairsOf, parseDockerfile } from './helpers/dockerfile.ts';

const root = join(import.meta.dirname, '..');
const textOf = (name: string): string => readFileSync(join(root, name), 'utf8');
const own = textOf('Dockerfile');
const compose = textOf('compose.yaml');
const documented = new Set(
  [...`${textOf('docs/configuration.md')}${textOf('docs/docker.md')}`.matchAll(/`([A-Z][A-Z_]+)`/g)].map(
    ([, name = '']) => name,
  ),
);
const seen = textOf('.dockerignore')
  .split('\n')
  .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));

/** A file of the project that the build gets to see. */
function isSeen(path: string): boolean {
  const bare = path.replace(/\/$/, '');
  return existsSync(join(root, bare)) && seen.some((allowed) => bare === allowed || bare.startsWith(`${allowed}/`));
}

/** What is wrong with a Dockerfile; pure but for the files that it names. */
function judge(text: string): string[] {
  const instructions = parseDockerfile(text);
  return [
    ...judgeStages(instructions),
    ...judgeCopies(instructions),
    ...judgeSecrets(instructions),
    ...judgeRun(instructions),
  ];
}

function judgeStages(instructions: readonly Instruction[]): string[] {
  const args = Object.fromEntries(
    instructions.filter(({ name }) => name === 'ARG').flatMap(({ text }) => pairsOf(text)),
  );
  const stages = new Set<string>();
  return instructions
    .filter(({ name }) => name === 'FROM')
    .flatMap(({ text }) => {
      const [image = '', , stage] = text.split(/\s+/);
      const full = image.replace(/\$\{(\w+)\}/g, (_, name: string) => args[name] ?? '');
      const isPinned = stages.has(image) || /:\d+\.\d+\.\d+\b/.test(full) || /@sha256:[0-9a-f]{64}$/.test(full);
      if (stage) stages.add(stage);
      return isPinned ? [] : [`${image} is not pinned to a version`];
    });
}

function judgeCopies(instructions: readonly Instruction[]): string[] {
  return instructions
    .filter(({ name }) => name === 'COPY' || name === 'ADD')
    .flatMap(({ name, text }) => {
      if (name === 'ADD') return ['ADD fetches and unpacks: COPY'];
      const words = text.split(/\s+/);
      const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
      const paths = words.filter((word) => !word.startsWith('--')).slice(0, -1);
      if (from !== undefined) {
        const isStage = instructions.some((other) => other.name === 'FROM' && other.text.endsWith(` AS ${from}`));
        return isStage ? [] : [`there is no stage ${from}`];
      }
      return paths.flatMap((path) => (isSeen(path) ? [] : [`the build does not see ${path}`]));
    });
}

function judgeSecrets(instructions: readonly Instruction[]): string[] {
  return instructions
    .filter(({ name }) => name === 'ENV' || name === 'ARG' || name === 'LABEL')
    .flatMap(({ text }) => pairsOf(text.includes('=') ? text : `${text}=`))
    .filter(([name]) => /KEY|SECRET|PASS|TOKEN(?!_DIR)|CREDENTIAL/i.test(name))
    .map(([name]) => `${name} would be in the image for everybody to read`);
}

function judgeRun(instructions: readonly Instruction[]): string[] {
  const findings: string[] = [];
  const stage = lastStage(instructions);
  const indexOf = (wanted: string): number => stage.findLastIndex(({ name }) => name === wanted);
  const { user, env } = imageConfig(stage);
  if (!/^[1-9]\d*:[1-9]\d*$/.test(user)) findings.push('USER is no number other than root, with its group');
  if (indexOf('ENTRYPOINT') < indexOf('USER')) findings.push('USER comes after ENTRYPOINT');
  for (const wanted of ['ENTRYPOINT', 'CMD', 'HEALTHCHECK', 'USER', 'WORKDIR']) {
    if (indexOf(wanted) === -1) findings.push(`there is no ${wanted}`);
  }
  for (const { name, text } of stage) {
    if (!['ENTRYPOINT', 'CMD', 'HEALTHCHECK'].includes(name)) continue;
    const words = execForm(name === 'HEALTHCHECK' ? text.replace(/^.*?\bCMD\s+/, '') : text);
    if (words === undefined) findings.push(`${name} is not in exec form: a shell would get the signals`);
  }
  for (const name of Object.keys(env)) if (!documented.has(name)) findings.push(`${name} is not in the docs`);
  if (indexOf('VOLUME') !== -1) findings.push('VOLUME makes logins that go with the container');
  for (const { text } of instructions.filter(({ name }) => name === 'RUN')) {
    if (/\bnpm (?:install|i)\b/.test(text)) findings.push('npm ci, which keeps to the lockfile');
    if (/\b(?:curl|wget|sudo)\b/.test(text)) findings.push('what is fetched is not pinned');
  }
  return findings;
}

describe('the Dockerfile', () => {
  it('has nothing that an image must not have', () => {
    expect(judge(own)).toEqual([]);
  });

  it.each([
    ['FROM $', 'FROM node:latest AS build\nFROM $', 'node:latest is not pinned to a version'],
    ['USER 1000:1000', 'USER root', 'USER is no number other than root, with its group'],
    ['USER 1000:1000\n', '', 'there is no USER'],
    ['ENTRYPOINT ["portico"]', 'ENTRYPOINT portico', 'ENTRYPOINT is not in exec form: a shell would get the signals'],
    ['CMD ["portico", "check"]', 'CMD portico check', 'HEALTHCHECK is not in exec form: a shell would get the signals'],
    ['COPY src src', 'COPY source src', 'the build does not see source'],
    ['COPY src src', 'COPY . .', 'the build does not see .'],
    ['COPY src src', 'COPY docs docs', 'the build does not see docs'],
    ['COPY LICENSE', 'ADD LICENSE', 'ADD fetches and unpacks: COPY'],
    ['COPY --from=build /build/dist', 'COPY --from=builder /build/dist', 'there is no stage builder'],
    ['RUN npm ci', 'RUN npm install', 'npm ci, which keeps to the lockfile'],
    ['HOME=/data/home', 'GATEWAY_TOKEN_KEY=abc', 'GATEWAY_TOKEN_KEY would be in the image for everybody to read'],
    ['HOME=/data/home', 'PORTICO_MOOD=good', 'PORTICO_MOOD is not in the docs'],
    ['WORKDIR /config', 'VOLUME /data', 'VOLUME makes logins that go with the container'],
  ])('with %j as %j is judged: %s%s', (before, after, finding) => {
    expect(own).toContain(before);
    expect(judge(own.replace(before, after))).toContain(finding);
  });

  it('is one that the published docs run: what they mount is where the image looks', () => {
    const { env } = imageConfig(parseDockerfile(own));
    expect(env).toMatchObject({
      GATEWAY_MCP_CONFIG: '/config/mcp.json',
      GATEWAY_TOKEN_DIR: '/data/tokens',
      HOME: '/data/home',
    });
    for (const place of ['CACHE', 'DATA', 'STATE']) expect(env[`XDG_${place}_HOME`]).toMatch(/^\/data\//);
  });
});

describe('compose.yaml', () => {
  it.each([
    /^ {4}build: \.$/m,
    /^ {4}init: true$/m,
    /^ {4}stdin_open: true$/m,
    /^ {4}read_only: true$/m,
    /^ {4}tmpfs:\n {6}- \/tmp$/m,
    /^ {4}cap_drop:\n {6}- ALL$/m,
    /^ {4}security_opt:\n {6}- no-new-privileges:true$/m,
    /^ {6}- "\$\{PORTICO_CONFIG:-\.\/config\}:\/config:ro"$/m,
    /^ {6}- "\$\{PORTICO_DATA:-portico-data\}:\/data"$/m,
    /^ {6}- "127\.0\.0\.1:33418:33418"$/m,
  ])('says %s', (line) => {
    expect(compose).toMatch(line);
  });

  it('runs as the user of the image unless told otherwise, and publishes to this machine alone', () => {
    expect(compose).toContain(`user: "\${PORTICO_USER:-${imageConfig(parseDockerfile(own)).user}}"`);
    const published = [...compose.matchAll(/^ {6}- "([\d.]+):(\d+):(\d+)"$/gm)].map(([, address]) => address);
    expect(published).toEqual(['127.0.0.1']);
    expect(compose).not.toMatch(/privileged: true|network_mode|docker\.sock/);
  });
});
