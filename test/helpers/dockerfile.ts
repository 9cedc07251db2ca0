// Owns reading a Dockerfile: its instructions, and what the image of its last stage runs. Knows nothing of what is right.

export interface Instruction {
  readonly line: number;
  readonly name: string;
  /** With continued lines joined. */
  readonly text: string;
}

/** What `docker run` takes from the image. */
export interface ImageConfig {
  readonly user: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly health: readonly string[];
}

export function parseDockerfile(text: string): Instruction[] {
  const instructions: Instruction[] = [];
  let open: { line: number; text: string } | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    if (/^\s*#/.test(raw) || raw.trim() === '') continue;
    const goesOn = raw.trimEnd().endsWith('\\');
    const part = raw.trim().replace(/\\$/, '').trim();
    open = open ? { ...open, text: `${open.text} ${part}` } : { line: index + 1, text: part };
    if (goesOn) continue;
    const [, name = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(open.text) ?? [];
    instructions.push({ line: open.line, name: name.toUpperCase(), text: rest });
    open = undefined;
  }
  return instructions;
}

export function lastStage(instructions: readonly Instruction[]): readonly Instruction[] {
  return instructions.slice(instructions.map(({ name }) => name).lastIndexOf('FROM'));
}

/** `K=V K2="V 2"`, of ENV and LABEL. */
export function pairsOf(text: string): [string, string][] {
  return [...text.matchAll(/([\w.-]+)=(?:"([^"]*)"|(\S*))/g)].map(([, key = '', quoted, plain = '']) => [
    key,
    quoted ?? plain,
  ]);
}

/** The words of the exec form; undefined: it is a line for a shell. */
export function execForm(text: string): string[] | undefined {
  return text.startsWith('[') ? (JSON.parse(text) as string[]) : undefined;
}

export function imageConfig(instructions: readonly Instruction[]): ImageConfig {
  const stage = lastStage(instructions);
  const last = (wanted: string): string => stage.findLast(({ name }) => name === wanted)?.text ?? '';
  return {
    user: last('USER'),
    workdir: last('WORKDIR'),
    env: Object.fromEntries(stage.filter(({ name }) => name === 'ENV').flatMap(({ text }) => pairsOf(text))),
    entrypoint: execForm(last('ENTRYPOINT')) ?? [],
    cmd: execForm(last('CMD')) ?? [],
    health: execForm(last('HEALTHCHECK').replace(/^.*?\bCMD\s+/, '')) ?? [],
  };
}
