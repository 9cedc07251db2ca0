// Owns the eight of the tracker's twenty tools that are about repositories and not about issues.
import { choice, destroys, flag, inPlace, object, order, paging, ref, text, tool, writes } from './schema-words.mjs';

export const repositoryTools = [
  tool(
    'search_repositories',
    'Search repositories',
    'Finds repositories by name, description, topic, language or number of stars.',
    object(
      {
        query: text('Search words and qualifiers, for example `topic:mcp language:typescript stars:>100`.'),
        sort: choice('What to order by.', 'stars', 'forks', 'updated'),
        order,
        ...paging,
      },
      ['query'],
    ),
  ),
  tool(
    'search_code',
    'Search code',
    'Finds files by their content in the default branches of the repositories that the user can see. Exact words and symbols work best; regular expressions are not supported.',
    object(
      {
        query: text('Words and qualifiers, for example `createServer repo:owner/name path:src extension:ts`.'),
        ...paging,
      },
      ['query'],
    ),
  ),
  tool(
    'get_file_contents',
    'Read a file',
    'Returns the content of a file, or the entries of a directory. Files above 1 MB are refused; binary files come as base64.',
    inPlace({ path: text('Path relative to the root of the repository; empty for the root.'), ref }, 'path'),
  ),
  tool(
    'create_or_update_file',
    'Write a file',
    'Writes one file in one commit. To replace a file, pass the SHA of the blob it replaces, as get_file_contents gives it; without it an existing file is refused.',
    inPlace(
      {
        path: text('Path relative to the root of the repository.'),
        content: text('The whole new content, as text.'),
        message: text('The message of the commit.'),
        branch: text('The branch to commit to; it has to exist.'),
        sha: text('SHA of the blob that is replaced.'),
      },
      'path',
      'content',
      'message',
      'branch',
    ),
    destroys,
  ),
  tool(
    'list_commits',
    'List commits',
    'Lists commits, newest first, each with SHA, author, time and message.',
    inPlace({
      sha: ref,
      path: text('Only commits that changed this file or directory.'),
      author: text('User name or mail address of the author.'),
      ...paging,
    }),
  ),
  tool(
    'create_branch',
    'Create a branch',
    'Creates a branch from an existing one.',
    inPlace(
      {
        branch: text('Name of the new branch.'),
        from_branch: text('The branch to start from. Defaults to the default branch.'),
      },
      'branch',
    ),
    writes,
  ),
  tool(
    'list_workflow_runs',
    'List workflow runs',
    'Lists runs of the automation of a repository, newest first. Use this to find out why the checks of a commit failed; the answer holds the URL of the logs.',
    inPlace({
      workflow_id: text('Id or file name of the workflow, for example `ci.yml`. Left out: all workflows.'),
      branch: text('Only runs for this branch.'),
      status: choice(
        'Only runs in this state.',
        'queued',
        'in_progress',
        'completed',
        'success',
        'failure',
        'cancelled',
      ),
      ...paging,
    }),
  ),
  tool(
    'list_notifications',
    'List notifications',
    'Lists what waits for the user: mentions, reviews they were asked for, and changes in what they watch.',
    object({
      all: flag('Also those that were read already.', false),
      participating: flag('Only those where the user takes part or was mentioned.', false),
      since: text('Only those changed at or after this time, in ISO 8601.'),
      ...paging,
    }),
  ),
];
