// Taking servers over and giving them back, with every byte and every death in between.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of the configs.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { replaceServers, takeOverServers, undoReplace } from '../../src/hosts/import-servers.ts';
import { installInto, uninstallFrom } from '../../src/hosts/install.ts';
import { type HostScene, hostScene } from './host-scene.ts';

const jsonText = `{
  // mine
  "theme": "dark",
  "mcpServers": {
    "files": { "command": "npx", "args": ["-y", "files"] }, // read only
    "web": {
      "url": "https://web.example/mcp" /* new */
    },
    "own": { "settings": 1 }
  }
}
`;
const tomlText = `# mine
model = "x"

[mcp_servers.files] # read only
command = "npx"
args = ["-y", "files"]

[mcp_servers.web]
url = "https://web.example/mcp"

[mcp_servers.web.http_headers]
A = "1"

[tui]
theme = "dark"
`;

const names = ['files', 'web'];
const files = { command: 'npx', args: ['-y', 'files'] };

const replace = ({ deps, start, serversFile }: HostScene, target: Parameters<typeof undoReplace>[0]) =>
  replaceServers(target, { names, name: 'portico', start, serversFile, dryRun: false }, deps);

describe('import-config', () => {
  it('brings the inputs of VS Code that its servers need, adds them to those that are there, and names the login', async () => {
    const scene = hostScene();
    const [a, b] = ['a', 'b'].map((id) => ({ id, type: 'promptString', password: true }));
    const entry = (id: string) => ({ command: id, env: { K: `\${input:${id}}` } });
    const take = async (text: object) => {
      const target = scene.host('vscode', JSON.stringify(text));
      return await takeOverServers(target, { serversFile: scene.serversFile, dryRun: false }, scene.deps);
    };
    const { servers } = await take({ inputs: [a, b], servers: { one: entry('a') } });
    expect(servers).toMatchObject([{ warnings: ['it needs a, which is asked for by: portico login one'] }]);
    await take({ inputs: [{ ...a, password: false }, b], servers: { one: entry('a'), two: entry('b') } });
    expect(JSON.parse(scene.read(scene.serversFile))).toMatchObject({
      inputs: [a, b],
      mcpServers: { two: entry('b') },
    });
  });

  it('writes the servers into a private file, and says what stays', async () => {
    const scene = hostScene();
    const target = scene.host('cursor', jsonText);
    const { servers } = await takeOverServers(target, { serversFile: scene.serversFile, dryRun: false }, scene.deps);
    expect(servers.map(({ kind, name }) => [kind, name])).toEqual([
      ['added', 'files'],
      ['added', 'web'],
      ['kept', 'own'],
    ]);
    expect(scene.servers()).toEqual({ files, web: { url: 'https://web.example/mcp' } });
    expect(statSync(scene.serversFile).mode & 0o777).toBe(0o600);
    expect(statSync(join(scene.serversFile, '..')).mode & 0o777).toBe(0o700);
    expect(scene.read(target.file)).toBe(jsonText);
  });

  it('adds nothing twice, and gives another server of the same name the name of its host', async () => {
    const scene = hostScene();
    scene.write(
      scene.serversFile,
      '{\n\t"mcpServers": {\n\t\t"files": { "args": ["-y", "files"], "command": "npx" }, // kept\n\t\t"web": { "command": "other" }\n\t}\n}\n',
    );
    const target = scene.host('cursor', jsonText);
    const wish = { serversFile: scene.serversFile, dryRun: false };
    const first = await takeOverServers(target, wish, scene.deps);
    expect(first.servers.slice(0, 2)).toEqual([
      { kind: 'same', name: 'files', as: 'files', warnings: [] },
      { kind: 'added', name: 'web', as: 'web-cursor', warnings: [] },
    ]);
    expect(scene.read(scene.serversFile)).toContain(
      '// kept\n\t\t"web": { "command": "other" },\n\t\t"web-cursor": {\n\t\t\t"url"',
    );
    const text = scene.read(scene.serversFile);
    const second = await takeOverServers(target, wish, scene.deps);
    expect(second.servers.map(({ kind }) => kind)).toEqual(['same', 'same', 'kept']);
    expect(scene.read(scene.serversFile)).toBe(text);
  });

  it("takes VS Code's inputs along, those that are used, and leaves the gateway's own entry", async () => {
    const scene = hostScene();
    const target = scene.host('vscode', {
      servers: { a: { type: 'stdio', command: 'x', env: { K: '${input:key}' } }, portico: { command: 'portico' } },
      inputs: [
        { id: 'key', type: 'promptString' },
        { id: 'other', type: 'promptString' },
      ],
    });
    await takeOverServers(target, { serversFile: scene.serversFile, dryRun: false }, scene.deps);
    expect(JSON.parse(scene.read(scene.serversFile))).toEqual({
      mcpServers: { a: { command: 'x', env: { K: '${input:key}' } } },
      inputs: [{ id: 'key', type: 'promptString' }],
    });
  });
});

describe.each([
  ['cursor', jsonText, '// later\n'],
  ['codex', tomlText, '# later\n'],
] as const)('--replace in %s', (id, text, later) => {
  it('puts one entry in the place of the servers, and --undo gives the bytes back', async () => {
    const scene = hostScene();
    const target = scene.host(id, text);
    const edit = await replace(scene, target);
    expect(edit?.after).toBe(scene.read(target.file));
    expect(edit?.after).toContain('portico');
    expect(edit?.after).not.toContain('"npx"');
    for (const kept of ['mine', 'dark', ...(id === 'cursor' ? ['read only', '"own"'] : ['[tui]'])]) {
      expect(edit?.after).toContain(kept);
    }
    expect(await undoReplace(target, { dryRun: false }, scene.deps)).toMatchObject({ exact: true, restored: names });
    expect(scene.read(target.file)).toBe(text);
    await expect(undoReplace(target, { dryRun: false }, scene.deps)).rejects.toThrow(/nothing to undo|were replaced/);
    expect(readdirSync(join(scene.deps.dataDir, 'hosts'))).toEqual([]);
  });

  it('--undo keeps what was edited since, and puts the entries back as they were written', async () => {
    const scene = hostScene();
    const target = scene.host(id, text);
    await replace(scene, target);
    scene.write(target.file, later + scene.read(target.file));
    expect(await undoReplace(target, { dryRun: false }, scene.deps)).toMatchObject({
      exact: false,
      restored: names,
      left: [],
    });
    const after = scene.read(target.file);
    expect(after.startsWith(later)).toBe(true);
    const parts =
      id === 'cursor'
        ? [
            '"files": { "command": "npx", "args": ["-y", "files"] }',
            '"web": {\n      "url": "https://web.example/mcp" /* new */\n    }',
          ]
        : ['[mcp_servers.files] # read only\ncommand = "npx"\n', '[mcp_servers.web.http_headers]\nA = "1"\n'];
    for (const part of parts) expect(after).toContain(part);
    expect(after).not.toContain('portico');
  });

  it('install --uninstall gives everything back as well', async () => {
    const scene = hostScene();
    const target = scene.host(id, text);
    await installInto(target, { name: 'portico', start: scene.start, force: false, dryRun: false }, scene.deps);
    await replace(scene, target);
    expect(await uninstallFrom(target, { name: 'portico', force: false, dryRun: false }, scene.deps)).toMatchObject({
      exact: true,
      restored: names,
    });
    expect(scene.read(target.file)).toBe(text);
  });

  it('loses nothing when the process dies between the record and the file', async () => {
    const scene = hostScene();
    const target = scene.host(id, text);
    await replace(scene, target);
    // The record is written, the file is not.
    scene.write(target.file, text);
    expect(await undoReplace(target, { dryRun: false }, scene.deps)).toMatchObject({ restored: [], left: names });
    expect(scene.read(target.file)).toBe(text);
  });

  it('leaves an entry alone that leads to other servers', async () => {
    const scene = hostScene();
    const target = scene.host(id, text);
    const start = { ...scene.start, args: [scene.deps.mainFile, 'serve', '--config', '/elsewhere.json'] };
    await installInto(target, { name: 'portico', start, force: false, dryRun: false }, scene.deps);
    const before = scene.read(target.file);
    await expect(replace(scene, target)).rejects.toThrow(/does not use/);
    expect(scene.read(target.file)).toBe(before);
  });
});
