// Owns what an app is told of Portico as an extension: the manifest of the bundle, pure.

/** What the app asks its user for, and the variable that takes the answer. */
const settings = [
  {
    key: 'config_file',
    variable: 'GATEWAY_MCP_CONFIG',
    type: 'file',
    title: 'Servers file',
    description: 'The mcp.json with your servers. Without it: mcp.json in the config directory of Portico.',
  },
  {
    key: 'rules_file',
    variable: 'GATEWAY_RULES',
    type: 'file',
    title: 'Rules file',
    description:
      'The gateway-rules.json that says what may be used. Without it: the one beside the servers file, if any.',
  },
  {
    key: 'token_dir',
    variable: 'GATEWAY_TOKEN_DIR',
    type: 'directory',
    title: 'Directory of the logins',
    description: 'Without it: the one that all programs of this computer share.',
  },
];

/**
 * The command is `node` on every system, to the letter: that is what Claude Desktop replaces by the Node.js in itself, so
 * that none has to be installed. No arguments, which the same replacement may lose. What was not filled in has the
 * default "", because the app hands down the placeholder itself where there is no value at all.
 */
export function bundleManifest({ name, version, description, keywords, license, engines }, tools) {
  const env = Object.fromEntries(settings.map(({ key, variable }) => [variable, `\${user_config.${key}}`]));
  return {
    manifest_version: '0.3',
    name,
    display_name: 'Portico',
    version,
    description,
    long_description:
      'Portico reads your servers from a mcp.json, starts and reaches them, logs in where a server asks for it, and shows ' +
      'the agent a few small tools in place of all of theirs. Take the servers that are in that file out of this app.',
    author: { name: 'Portico contributors' },
    license,
    keywords,
    server: {
      type: 'node',
      entry_point: 'dist/main.js',
      mcp_config: {
        command: 'node',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the app fills it in
        args: ['${__dirname}/dist/main.js'],
        env,
      },
    },
    tools: tools.map(({ name, description }) => ({ name, description })),
    // Servers that are exposed directly add theirs.
    tools_generated: true,
    compatibility: { platforms: ['darwin', 'win32', 'linux'], runtimes: { node: engines.node } },
    user_config: Object.fromEntries(
      settings.map(({ key, variable, ...shown }) => [key, { ...shown, required: false, default: '' }]),
    ),
  };
}
