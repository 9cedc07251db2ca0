// Owns the page a browser sees at the end of a login: plain HTML, everything escaped, no script; knows nothing of HTTP.

/** What the browser is told, and with which status. */
export interface LoginPage {
  readonly status: number;
  readonly html: string;
}

/** Every header of every page: it may not be framed, stored, or load or run anything (the URL held a code). */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** Sent only after the code was exchanged and one request with the new token was answered. */
export function successPage(server: string, account?: string): LoginPage {
  const details = account === undefined ? [] : [`Account: ${account}`];
  return page(200, 'good', 'You are logged in', [
    `Portico can now use the server “${server}”.`,
    ...details,
    'You may close this window and go back to your assistant or terminal.',
  ]);
}

export function failurePage(server: string, message: string, hint?: string): LoginPage {
  const again = `portico login ${server}`;
  return page(403, 'bad', `The login to “${server}” did not work`, [
    message,
    ...(hint === undefined || hint === again ? [] : [`What helps: ${hint}`]),
    `You may close this window. To try again, ask your assistant to log in to “${server}”, or run “${again}” in a terminal.`,
  ]);
}

/** For a login whose page the authorization server cannot give now. */
export function unopenedPage(server: string, message: string): LoginPage {
  return page(502, 'bad', `The login page of “${server}” cannot be opened now`, [
    message,
    'The login is still open: reload this page to try again.',
  ]);
}

/** For a callback that belongs to no open login: it changes nothing, and the page says nothing about open ones. */
export function strayCallbackPage(): LoginPage {
  return page(400, 'bad', 'This login is not known here', [
    'The address belongs to no login that is open now. It may be from an earlier attempt, or one that has ended.',
    'Go back to your assistant or terminal, start the login again, and use the newest link.',
  ]);
}

export function notFoundPage(): LoginPage {
  return page(404, 'bad', 'Nothing here', ['This address only takes the end of a login.']);
}

export function wrongMethodPage(): LoginPage {
  return page(405, 'bad', 'Not that way', ['The end of a login arrives as a GET request.']);
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

const style = `
:root { color-scheme: light dark; --ink: #1d2329; --quiet: #5b6670; --paper: #f4f2ee; --card: #ffffff; --line: #dedad3; --good: #1f7a4d; --bad: #b3382c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9e6e0; --quiet: #a2a9b0; --paper: #15181b; --card: #1e2226; --line: #32383e; --good: #58c08c; --bad: #f08a7d; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { width: 100%; max-width: 30rem; padding: 2.25rem 2.25rem 1.75rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  box-shadow: 0 1px 2px rgb(0 0 0 / .05), 0 12px 32px rgb(0 0 0 / .07); }
.mark { display: block; width: 3rem; height: 3rem; margin-bottom: 1.25rem; }
.good { color: var(--good); }
.bad { color: var(--bad); }
h1 { margin: 0 0 .75rem; font-size: 1.4rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; overflow-wrap: anywhere; }
p { margin: 0 0 .6rem; overflow-wrap: anywhere; }
p:last-of-type { color: var(--quiet); }
footer { margin-top: 1.5rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: .85rem; }
`;

const marks = {
  good: '<path d="M14.5 24.5l6.5 6.5 12.5-14"/>',
  bad: '<path d="M17 17l14 14M31 17L17 31"/>',
} as const;

function page(status: number, mood: 'good' | 'bad', title: string, lines: readonly string[]): LoginPage {
  const paragraphs = lines.map((line) => `    <p>${escapeHtml(line)}</p>`).join('\n');
  const html = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escapeHtml(title)} · Portico</title>
  <style>${style}</style>
</head>
<body>
  <main>
    <svg class="mark ${mood}" viewBox="0 0 48 48" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><circle cx="24" cy="24" r="21"/>${marks[mood]}</svg>
    <h1>${escapeHtml(title)}</h1>
${paragraphs}
    <footer>Portico</footer>
  </main>
</body>
</html>
`;
  return { status, html };
}
