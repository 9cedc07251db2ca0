// A server with twenty tools as real issue trackers have them: several parameters each, described at length.
import { serve, welcome } from '../../fixtures/servers/json-rpc.mjs';

const things = ['issue', 'project', 'comment', 'label', 'milestone'];
const verbs = {
  create: 'Creates a new',
  list: 'Lists every',
  update: 'Changes an existing',
  delete: 'Deletes an existing',
};

const filters = {
  workspace_id: {
    type: 'string',
    description: 'The id of the workspace, as given by list_workspaces. Defaults to the first.',
  },
  query: {
    type: 'string',
    description: 'Free text that has to appear in the title or in the description, case-insensitive.',
  },
  state: {
    type: 'string',
    enum: ['open', 'in_progress', 'blocked', 'closed', 'all'],
    description: 'Only items in this state.',
  },
  assignee: {
    type: 'string',
    description: 'The user name of the person it is assigned to; "me" is the person who is logged in.',
  },
  labels: {
    type: 'array',
    items: { type: 'string' },
    description: 'Names of labels, all of which have to be present.',
  },
  limit: {
    type: 'integer',
    minimum: 1,
    maximum: 100,
    default: 25,
    description: 'The greatest number of items to return.',
  },
};

const tools = Object.entries(verbs).flatMap(([verb, phrase]) =>
  things.map((thing) => ({
    name: `${verb}_${thing}`,
    description: `${phrase} ${thing} in the tracker. Use this when the user asks about a ${thing} by name or by id; the result holds the ${thing} with its id, its state, its author and the time of its last change, and links to everything that refers to it.`,
    inputSchema: { type: 'object', properties: filters, required: ['workspace_id'], additionalProperties: false },
    annotations: { title: `${phrase} ${thing}`, readOnlyHint: verb === 'list', destructiveHint: verb === 'delete' },
  })),
);

serve((method, params) => {
  if (method === 'initialize') return welcome(params, { name: 'tracker' });
  return method === 'tools/list' ? { tools } : {};
});
