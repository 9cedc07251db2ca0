// Owns hiding what a server was given in confidence, in whatever it says. Pure.
import { redact } from '../lib/redact.ts';

/** Names of variables whose values are secrets wherever they turn up. */
const secretName = /key|token|secret|pass|auth|cred/i;
/** Shorter values would blot out ordinary words. */
const shortestSecret = 8;

/** `env`: what the server was given; values that look like secrets by their names are masked besides what always is. */
export function createMask(env: Readonly<Record<string, string>>): (text: string) => string {
  const secrets = Object.entries(env)
    .filter(([name]) => secretName.test(name))
    // A value of several lines is also met line by line.
    .flatMap(([, value]) => [value, ...(value.includes('\n') ? value.split(/\r?\n/) : [])])
    .filter((value) => value.length >= shortestSecret)
    .sort((one, other) => other.length - one.length);
  return (text) => {
    let masked = text;
    for (const secret of secrets) masked = masked.replaceAll(secret, '[secret]');
    return redact(masked);
  };
}
