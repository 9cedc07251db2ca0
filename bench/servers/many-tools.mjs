// A server with many different tools, as the office programs of a company have them: `many-tools.mjs TOPIC COUNT`. What
// search_tools needs for thousands of them is measured on it.
import { serve, welcome } from '../../fixtures/servers/json-rpc.mjs';
import { choice, list, number, object, paging, text, tool } from './schema-words.mjs';

const [topic = 'document', count = '100'] = process.argv.slice(2);
const verbs = ['create', 'read', 'update', 'delete', 'list', 'search', 'export', 'archive', 'share', 'approve'];
const parts = ['draft', 'comment', 'version', 'label', 'owner', 'reminder', 'attachment', 'template', 'report', 'rule'];

const tools = Array.from({ length: Number(count) }, (_, index) => {
  const verb = verbs[index % verbs.length];
  const part = parts[Math.floor(index / verbs.length) % parts.length];
  const round = Math.floor(index / (verbs.length * parts.length));
  return tool(
    `${verb}_${topic}_${part}${round === 0 ? '' : `_${round}`}`,
    `${verb} ${part}`,
    `Can ${verb} the ${part} of a ${topic}, where the user has the right to. Ask the user before anything is changed that others see. The answer has the ${part} and who changed it last.`,
    object({
      [`${topic}_id`]: text(`Identifier of the ${topic}, as the list of them shows it.`),
      [part]: text(`The ${part}, in Markdown.`),
      visibility: choice(`Who may see the ${part}.`, 'private', 'team', 'everyone'),
      tags: list(`Words under which the ${topic} is found.`),
      revision: number(`The revision of the ${topic} that this is about. Defaults to the last one.`),
      ...paging,
    }),
  );
});

serve((method, params) => {
  if (method === 'initialize') return welcome(params, { name: `${topic}s` });
  return method === 'tools/list' ? { tools } : {};
});
