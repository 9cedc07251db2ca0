// Owns the words in which the tools of the bench's tracker are described: short for JSON Schema.

export const text = (description, more = {}) => ({ type: 'string', description, ...more });
export const number = (description, more = {}) => ({ type: 'integer', description, ...more });
export const flag = (description, fallback) => ({ type: 'boolean', description, default: fallback });
export const choice = (description, ...values) => ({ type: 'string', enum: values, description });
export const list = (description, items = { type: 'string' }) => ({ type: 'array', items, description });
export const object = (properties, required = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

const owner = text('The account or organisation that owns the repository. The name is not case-sensitive.');
const repo = text('The name of the repository, without the extension `.git`. The name is not case-sensitive.');
const place = { owner, repo };
export const paging = {
  page: number('Page number of the results, starting at 1.', { minimum: 1, default: 1 }),
  per_page: number('Results per page, at most 100.', { minimum: 1, maximum: 100, default: 30 }),
};
export const issueNumber = number('The number of the issue, as shown after the # in its title.', { minimum: 1 });
export const pullNumber = number('The number of the pull request.', { minimum: 1 });
export const ref = text(
  'Name of a branch or tag, or the SHA of a commit. Defaults to the default branch of the repository.',
);
export const order = choice('Direction of the order.', 'asc', 'desc');
export const inPlace = (properties, ...required) => object({ ...place, ...properties }, ['owner', 'repo', ...required]);

export const tool = (name, title, description, inputSchema, hints = { readOnlyHint: true }) => ({
  name,
  description,
  inputSchema,
  annotations: { title, openWorldHint: true, ...hints },
});
export const writes = { readOnlyHint: false, destructiveHint: false };
export const destroys = { readOnlyHint: false, destructiveHint: true };
