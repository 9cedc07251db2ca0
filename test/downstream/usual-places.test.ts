// Tests of src/downstream/usual-places.ts.
import { describe, expect, it } from 'vitest';
import { matchingVersion, newestFirst, usualPlaces } from '../../src/downstream/usual-places.ts';
import { fileTree } from './file-tree.ts';

const home = '/home/a';
const nvm = `${home}/.nvm`;
const versions = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [`${nvm}/versions/node/${name}/bin/node`, 'program']));

async function places(
  files: Record<string, string>,
  env: Record<string, string> = {},
  platform: NodeJS.Platform = 'linux',
): Promise<readonly string[]> {
  return usualPlaces({
    env: { HOME: home, ...env },
    platform,
    files: fileTree(files, platform === 'win32' ? '\\' : '/'),
  });
}

describe('E40: where version managers and installers put programs', () => {
  it('holds only folders that are there, in one order', async () => {
    const there = [
      `${nvm}/versions/node/v22.9.0/bin`,
      `${home}/.local/share/mise/shims`,
      `${home}/.local/share/fnm/aliases/default/bin`,
      `${home}/.volta/bin`,
      `${home}/.asdf/shims`,
      '/opt/homebrew/bin',
      '/usr/local/bin',
      '/home/linuxbrew/.linuxbrew/bin',
      `${home}/.local/bin`,
      `${home}/.bun/bin`,
      `${home}/.deno/bin`,
      `${home}/.cargo/bin`,
    ];
    expect(await places(Object.fromEntries(there.map((folder) => [`${folder}/x`, 'program'])))).toEqual(there);
    expect(await places({})).toEqual([]);
  });

  it.each([
    ['NVM_DIR', '/opt/nvm', '/opt/nvm/versions/node/v20.0.0/bin'],
    ['MISE_DATA_DIR', '/opt/mise', '/opt/mise/shims'],
    ['XDG_DATA_HOME', '/opt/data', '/opt/data/mise/shims'],
    ['FNM_DIR', '/opt/fnm', '/opt/fnm/aliases/default/bin'],
    ['VOLTA_HOME', '/opt/volta', '/opt/volta/bin'],
    ['ASDF_DATA_DIR', '/opt/asdf', '/opt/asdf/shims'],
    ['BUN_INSTALL', '/opt/bun', '/opt/bun/bin'],
    ['CARGO_HOME', '/opt/cargo', '/opt/cargo/bin'],
  ])('goes by %s', async (name, value, place) => {
    expect(await places({ [`${place}/npx`]: 'program' }, { [name]: value })).toEqual([place]);
  });

  it('knows where fnm was on a Mac', async () => {
    const place = `${home}/Library/Application Support/fnm/aliases/default/bin`;
    expect(await places({ [`${place}/npx`]: 'program' }, {}, 'darwin')).toEqual([place]);
    expect(await places({ [`${place}/npx`]: 'program' })).toEqual([]);
  });

  it('does without a home directory', async () => {
    expect(await places({ '/usr/local/bin/x': 'program' }, { HOME: '' })).toEqual(['/usr/local/bin']);
  });

  it.each([
    [['NVM_SYMLINK', 'C:\\nodejs'], 'C:\\nodejs'],
    [['LOCALAPPDATA', 'C:\\L'], 'C:\\L\\mise\\shims'],
    [['LocalAppData', 'C:\\L'], 'C:\\L\\Volta\\bin'],
    [['APPDATA', 'C:\\R'], 'C:\\R\\fnm\\aliases\\default'],
    [['APPDATA', 'C:\\R'], 'C:\\R\\npm'],
    [['ProgramFiles', 'C:\\Program Files'], 'C:\\Program Files\\nodejs'],
    [['USERPROFILE', 'C:\\Users\\a'], 'C:\\Users\\a\\scoop\\shims'],
  ])('goes by %j on Windows', async ([name = '', value = ''], place) => {
    expect(await places({ [`${place}\\npx.cmd`]: 'program' }, { [name]: value }, 'win32')).toEqual([place]);
  });
});

describe('the versions of nvm', () => {
  const installed = versions('v9.11.2', 'v18.20.4', 'v20.9.0', 'v20.19.1', 'v22.1.0');
  it.each([
    ['no default: the newest', {}, 'v22.1.0'],
    ['a whole version', { default: 'v18.20.4' }, 'v18.20.4'],
    ['a version without its v', { default: '20.9.0' }, 'v20.9.0'],
    ['the beginning of one: the newest of those', { default: '20' }, 'v20.19.1'],
    ['node', { default: 'node' }, 'v22.1.0'],
    ['an alias of an alias', { default: 'lts/*', 'lts/*': 'lts/iron', 'lts/iron': 'v20.9.0' }, 'v20.9.0'],
    ['one of the user', { default: 'work', work: '18' }, 'v18.20.4'],
    ['a version that is not installed', { default: 'v16.0.0' }, 'v22.1.0'],
    ['a circle', { default: 'a', a: 'b', b: 'a' }, 'v22.1.0'],
    ['a way out of the folder', { default: '../../../etc/passwd' }, 'v22.1.0'],
    ['that of the system', { default: 'system' }, 'v22.1.0'],
  ])('%s', async (_, aliases, first) => {
    const files = Object.entries(aliases).map(([name, text]) => [`${nvm}/alias/${name}`, text]);
    const found = await places({ ...installed, ...Object.fromEntries(files) });
    expect(found[0]).toBe(`${nvm}/versions/node/${first}/bin`);
    expect(found).toHaveLength(5);
  });

  it('are ordered by their numbers, and other folders are none', () => {
    expect(newestFirst(['v9.0.0', 'v10.0.0', 'v10.0.11', '.DS_Store', 'v10.0.2', 'v11.0.0-nightly'])).toEqual([
      'v10.0.11',
      'v10.0.2',
      'v10.0.0',
      'v9.0.0',
    ]);
    expect(matchingVersion('2', ['v20.0.0'])).toBeUndefined();
  });
});
