// Owns which host names mean this machine (RFC 8252 section 7.3); no look-up is made.

/** For a host name as `URL.hostname` gives it: IPv6 in brackets, lower case. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
