// A server with twenty tools as real issue trackers have them, about 4,500 tokens in full: what a gateway saves by not
// showing them all at once is measured on it.
import { serve, welcome } from '../../fixtures/servers/json-rpc.mjs';
import { repositoryTools } from './repository-tools.mjs';
import {
  choice,
  destroys,
  flag,
  inPlace,
  issueNumber,
  list,
  number,
  object,
  order,
  paging,
  pullNumber,
  text,
  tool,
  writes,
} from './schema-words.mjs';

const issueTools = [
  tool(
    'search_issues',
    'Search issues',
    'Searches issues and pull requests over all repositories that the user can see. Use this when the user describes an issue in words; use list_issues when they name a repository and want everything in it. The query supports qualifiers such as `repo:`, `is:open`, `label:` and `author:`.',
    object(
      {
        query: text(
          'Search words and qualifiers, for example `is:open label:bug memory leak`. At most 256 characters.',
        ),
        sort: choice(
          'What to order by; the best match comes first by default.',
          'comments',
          'reactions',
          'created',
          'updated',
        ),
        order,
        ...paging,
      },
      ['query'],
    ),
  ),
  tool(
    'list_issues',
    'List issues',
    'Lists the issues of one repository, newest first. Pull requests are left out. Returns for each issue its number, title, state, labels, assignees and the time of the last change, without the body.',
    inPlace({
      state: choice('Only issues in this state. Defaults to open.', 'open', 'closed', 'all'),
      labels: list('Only issues that have all of these labels.'),
      assignee: text('User name of the assignee, `none` for issues without one, or `*` for any.'),
      since: text('Only issues changed at or after this time, in ISO 8601: YYYY-MM-DDTHH:MM:SSZ.', {
        format: 'date-time',
      }),
      sort: choice('What to order by. Defaults to created.', 'created', 'updated', 'comments'),
      order,
      ...paging,
    }),
  ),
  tool(
    'get_issue',
    'Get an issue',
    'Returns one issue with its body in Markdown, its labels, assignees, milestone, reactions, and how many comments it has. Call list_issue_comments for the comments.',
    inPlace({ issue_number: issueNumber }, 'issue_number'),
  ),
  tool(
    'create_issue',
    'Create an issue',
    'Opens a new issue. Search for an existing one first, and ask the user before opening one in a repository that they do not own. Returns the number and the URL of the issue.',
    inPlace(
      {
        title: text('A short title, one line.', { minLength: 1, maxLength: 256 }),
        body: text('The text of the issue, in Markdown. Mentions (`@name`) notify people.'),
        labels: list('Labels to set; labels that do not exist are refused.'),
        assignees: list('User names of the people to assign; at most ten, all with write access.'),
        milestone: number('Number of the milestone to add the issue to.'),
      },
      'title',
    ),
    writes,
  ),
  tool(
    'update_issue',
    'Change an issue',
    'Changes an existing issue. Only the members that are given are changed; lists such as labels and assignees replace what was there, so read the issue first and pass everything that should remain.',
    inPlace(
      {
        issue_number: issueNumber,
        title: text('The new title.'),
        body: text('The new text, in Markdown; replaces the old one.'),
        state: choice('Opens or closes the issue.', 'open', 'closed'),
        state_reason: choice('Why it is closed.', 'completed', 'not_planned', 'reopened'),
        labels: list('All labels the issue should have afterwards.'),
        assignees: list('All assignees the issue should have afterwards.'),
      },
      'issue_number',
    ),
    { ...writes, idempotentHint: true },
  ),
  tool(
    'list_issue_comments',
    'List comments',
    'Lists the comments of an issue or pull request, oldest first, each with its author, time and body in Markdown.',
    inPlace(
      {
        issue_number: issueNumber,
        since: text('Only comments changed at or after this time, in ISO 8601.'),
        ...paging,
      },
      'issue_number',
    ),
  ),
  tool(
    'add_issue_comment',
    'Comment',
    'Adds a comment to an issue or pull request in the name of the user. Show the user the text before it is posted.',
    inPlace(
      { issue_number: issueNumber, body: text('The text of the comment, in Markdown.', { minLength: 1 }) },
      'issue_number',
      'body',
    ),
    writes,
  ),
];

const pullTools = [
  tool(
    'list_pull_requests',
    'List pull requests',
    'Lists the pull requests of a repository with number, title, author, branches and state, without the changes.',
    inPlace({
      state: choice('Only pull requests in this state. Defaults to open.', 'open', 'closed', 'all'),
      head: text('Only those from this branch, as `user:branch`.'),
      base: text('Only those into this branch, for example `main`.'),
      sort: choice('What to order by.', 'created', 'updated', 'popularity', 'long-running'),
      order,
      ...paging,
    }),
  ),
  tool(
    'get_pull_request',
    'Get a pull request',
    'Returns one pull request: text, branches, reviewers, whether it can be merged, and the state of its checks. With `include` the changes as a diff, the changed files, the reviews or the single checks come along, which can be long.',
    inPlace(
      {
        pull_number: pullNumber,
        include: list('What else to return.', { type: 'string', enum: ['diff', 'files', 'reviews', 'checks'] }),
      },
      'pull_number',
    ),
  ),
  tool(
    'create_pull_request',
    'Create a pull request',
    'Opens a pull request from a branch that was pushed already. Returns its number and URL.',
    inPlace(
      {
        title: text('A short title, one line.'),
        body: text('What the change does and why, in Markdown.'),
        head: text('The branch with the changes; `user:branch` for a fork.'),
        base: text('The branch that the changes should go into.'),
        draft: flag('Opens it as a draft, which cannot be merged yet.', false),
      },
      'title',
      'head',
      'base',
    ),
    writes,
  ),
  tool(
    'review_pull_request',
    'Review a pull request',
    'Submits a review, with comments on single lines where they are given. Requesting changes blocks the merge in most repositories, so confirm with the user first.',
    inPlace(
      {
        pull_number: pullNumber,
        event: choice('The verdict of the review.', 'APPROVE', 'REQUEST_CHANGES', 'COMMENT'),
        body: text('The text of the review, in Markdown. Needed unless it approves.'),
        comments: list(
          'Comments on single lines of the change.',
          object(
            {
              path: text('Path of the file, relative to the root.'),
              line: number('Line in the file after the change.'),
              body: text('The comment, in Markdown.'),
            },
            ['path', 'line', 'body'],
          ),
        ),
      },
      'pull_number',
      'event',
    ),
    writes,
  ),
  tool(
    'merge_pull_request',
    'Merge a pull request',
    'Merges a pull request. This cannot be undone by this server: ask the user before every merge.',
    inPlace(
      {
        pull_number: pullNumber,
        merge_method: choice('How to merge. Defaults to what the repository prefers.', 'merge', 'squash', 'rebase'),
        commit_title: text('Title of the merge commit.'),
        sha: text('The SHA that the head must have, so that nothing unseen is merged.'),
      },
      'pull_number',
    ),
    destroys,
  ),
];

const tools = [...issueTools, ...pullTools, ...repositoryTools];

serve((method, params) => {
  if (method === 'initialize') return welcome(params, { name: 'tracker' });
  return method === 'tools/list' ? { tools } : {};
});
