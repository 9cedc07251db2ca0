import { describe, expect, test } from 'vitest';
import {
  escapeHtml,
  failurePage,
  notFoundPage,
  pageHeaders,
  strayCallbackPage,
  successPage,
  wrongMethodPage,
} from '../../src/auth/login-page.ts';

const markup = `<script>alert("1")</script><img src=x onerror='alert(2)'>&amp;`;

test('every character with a meaning in HTML is escaped', () => {
  expect(escapeHtml(`<a href="x" b='y'>&`)).toBe('&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;');
});

describe.each([
  ['success', successPage(markup, markup), 200],
  ['failure', failurePage(markup, markup, markup), 403],
  ['stray callback', strayCallbackPage(), 400],
  ['not found', notFoundPage(), 404],
  ['wrong method', wrongMethodPage(), 405],
])('the %s page', (_name, page, status) => {
  test('has its status', () => {
    expect(page.status).toBe(status);
  });

  test('holds no script, no event handler and nothing to load, whatever it quotes', () => {
    expect(page.html).not.toMatch(/<script|<img|<link|<iframe|<[^>]*\son\w+=|url\(|@import/i);
  });

  test('follows the light or dark scheme of the browser', () => {
    expect(page.html).toContain('color-scheme: light dark');
    expect(page.html).toContain('@media (prefers-color-scheme: dark)');
  });
});

test('the failure page quotes what went wrong', () => {
  expect(failurePage('crm', 'answered "access_denied"', 'Ask again.').html).toContain(
    'answered &quot;access_denied&quot;',
  );
});

test('pages are neither stored nor framed, and send no referrer that would hold the code', () => {
  expect(pageHeaders).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  expect(pageHeaders['content-security-policy']).toContain("default-src 'none'");
  expect(pageHeaders['content-security-policy']).toContain("frame-ancestors 'none'");
});
