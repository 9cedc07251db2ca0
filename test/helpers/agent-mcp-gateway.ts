// Owns a setup as the documentation of agent-mcp-gateway describes it (github.com/roddutra/agent-mcp-gateway, README.md and
// docs/policy-rules-specification.md): servers, rules, who may use what. The commands are those of a fixture.
import { fixtureServer } from './programs.ts';

const toolsOf = {
  'brave-search': ['brave_web_search', 'brave_local_search'],
  context7: ['resolve', 'get_docs'],
  postgres: ['query', 'list_tables', 'list_schemas', 'drop_table', 'get_row', 'never'],
  'laravel-boost': ['get_config', 'database_schema', 'database_query', 'tinker', 'write_file'],
  notion: ['search_pages'],
  playwright: ['browser_type', 'browser_navigate', 'browser_close_all', 'launch_browser'],
} as const;

/** `description` of each, as `list_servers` shows it there. */
export const theirServers: Readonly<Record<string, object>> = Object.fromEntries(
  Object.entries(toolsOf).map(([name, tools]) => [
    name,
    { description: `What ${name} does`, ...fixtureServer('named-tools', ...tools) },
  ]),
);

export const theirRules = {
  agents: {
    researcher: {
      allow: { servers: ['brave-search', 'context7'], tools: { 'brave-search': ['brave_web_search'] } },
    },
    backend: {
      allow: {
        servers: ['postgres', 'laravel-boost'],
        tools: {
          postgres: ['query', 'list_tables', 'list_schemas', 'never'],
          'laravel-boost': ['get_*', 'list_*', 'read_*', 'database_*', 'search_*'],
        },
      },
      deny: { tools: { postgres: ['drop_*', 'delete_*'], 'laravel-boost': ['database_query', 'tinker'] } },
    },
    admin: {
      allow: { servers: ['*'], tools: { 'brave-search': ['brave_web_search'] } },
      deny: { servers: ['notion'], tools: { playwright: ['browser_type'] } },
    },
    'claude-desktop': {
      allow: { servers: ['context7', 'brave-search', 'notion', 'playwright'] },
      deny: { tools: { playwright: ['browser_type', 'browser_close_all', 'launch_*'] } },
    },
    'team.role': { allow: { servers: ['postgres'], tools: { postgres: ['*_table', 'drop_*'] } } },
    default: { deny: { servers: ['*'] } },
  },
  defaults: { deny_on_missing_agent: false },
};

type Grants = Readonly<Record<string, readonly string[]>>;

/** What that documentation says each agent can call, of the tools above. */
export const theirGrants: Readonly<Record<string, Grants>> = {
  researcher: { 'brave-search': ['brave_web_search'], context7: toolsOf.context7 },
  backend: {
    postgres: ['query', 'list_tables', 'list_schemas', 'never'],
    'laravel-boost': ['get_config', 'database_schema'],
  },
  admin: {
    'brave-search': ['brave_web_search'],
    context7: toolsOf.context7,
    postgres: toolsOf.postgres,
    'laravel-boost': toolsOf['laravel-boost'],
    playwright: ['browser_navigate', 'browser_close_all', 'launch_browser'],
  },
  'claude-desktop': {
    'brave-search': toolsOf['brave-search'],
    context7: toolsOf.context7,
    notion: toolsOf.notion,
    playwright: ['browser_navigate'],
  },
  'team.role': { postgres: ['drop_table'] },
  default: {},
};

/** Every server with every tool. */
export const theirTools: Grants = toolsOf;
