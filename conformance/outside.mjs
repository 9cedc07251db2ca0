// Owns which scenarios for servers are not run against the gateway, and why: they judge what an aggregator over stdio does
// not have, or what the server behind it does not. A scenario that no requirement set lists must leave this.

const http = "judges the server's HTTP, and here that is the bridge of the test: the gateway speaks stdio";
const tasks = 'judges a server that makes tasks, an extension; the server behind the gateway makes none';

/** @type {Readonly<Record<string, string>>} */
export const outside = {
  'dns-rebinding-protection': http,
  'server-stateless': http,
  'server-session-lifecycle': http,
  'server-sse-polling': http,
  'http-header-validation': http,
  'http-custom-header-server-validation': http,
  'tasks-lifecycle': tasks,
  'tasks-capability-negotiation': tasks,
  'tasks-wire-fields': tasks,
  'tasks-request-state-removal': tasks,
  'tasks-mrtr-input': tasks,
  'tasks-request-headers': tasks,
  'tasks-dispatch-and-envelope': tasks,
  'tasks-status-notifications': tasks,
  'tasks-required-task-error': tasks,
  'tasks-mrtr-composition': tasks,
};
