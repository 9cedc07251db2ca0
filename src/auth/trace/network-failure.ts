// Owns why a request came to no answer, as a finding: by the error's code, never by its text. Pure.
import { describeThrown } from '../oauth-errors.ts';
import type { Finding, Fix, Requirement } from './report.ts';
import { requirements } from './requirements.ts';

interface Cause {
  readonly what: string;
  readonly fix: Fix;
  readonly requirement?: Requirement;
}

const trustCa: Fix = {
  command: 'export NODE_EXTRA_CA_CERTS=/path/to/ca.pem',
  explanation:
    'Name the file with the certificate authority of your company or proxy in NODE_EXTRA_CA_CERTS, in the environment that starts portico (in a host: "env" of its entry).',
};

const untrusted: Cause = {
  what: 'its certificate comes from an authority that is not trusted here',
  fix: trustCa,
  requirement: requirements.certificate,
};

const unreachable: Fix = { explanation: 'Check the port of the url, the network, the firewall and the proxy.' };

const unknownCause: Fix = {
  explanation:
    'Check the url, the network and the proxy. A host inside of a private network is asked only where the server is in there itself, or oauth.issuer names it.',
};

const timedOut: Cause = { what: 'no answer in time', fix: unreachable };

const causes: Readonly<Record<string, Cause>> = {
  ENOTFOUND: { what: 'its name is not known', fix: { explanation: 'Check the host name in the url, and the DNS.' } },
  EAI_AGAIN: {
    what: 'its name cannot be looked up now',
    fix: { explanation: 'The DNS does not answer. Is there a network? Behind a proxy, set HTTPS_PROXY.' },
  },
  ECONNREFUSED: { what: 'the connection is refused: nothing listens on that port', fix: unreachable },
  ECONNRESET: { what: 'the connection was broken off', fix: unreachable },
  UND_ERR_SOCKET: { what: 'the connection was broken off', fix: unreachable },
  EPIPE: { what: 'the connection was broken off', fix: unreachable },
  ETIMEDOUT: timedOut,
  UND_ERR_CONNECT_TIMEOUT: timedOut,
  UND_ERR_HEADERS_TIMEOUT: timedOut,
  EHOSTUNREACH: { what: 'there is no way to it', fix: unreachable },
  ENETUNREACH: { what: 'there is no way to it', fix: unreachable },
  UND_ERR_ABORTED: {
    what: 'the proxy refuses to connect to it',
    fix: { explanation: 'Check HTTPS_PROXY and HTTP_PROXY (user, password), or except the host with NO_PROXY.' },
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: { ...untrusted, what: 'its certificate is signed by itself' },
  SELF_SIGNED_CERT_IN_CHAIN: { ...untrusted, what: 'a self-signed certificate stands in its chain' },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: {
    what: 'its certificate has expired',
    fix: { explanation: 'Its operator must renew it. Is the clock of this machine right?' },
    requirement: requirements.certificate,
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    what: 'its certificate is for another name',
    fix: { explanation: 'Write the host name of the certificate into the url.' },
    requirement: requirements.certificate,
  },
  EPROTO: {
    what: 'it does not speak TLS on that port',
    fix: { explanation: 'Is it http instead of https, or another port?' },
  },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    what: 'it does not speak TLS on that port',
    fix: { explanation: 'Is it http instead of https, or another port?' },
  },
};

/** The code of an error, or of what caused it; undefined where there is none. */
export function errorCodeOf(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at.name === 'TimeoutError') return 'ETIMEDOUT';
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return undefined;
}

/** `what`: what was asked, as the beginning of a sentence. */
export function networkFinding(what: string, error: unknown): Finding {
  const code = errorCodeOf(error);
  const cause = code === undefined ? undefined : causes[code];
  if (!cause) return { status: 'failed', summary: `${what}: ${describeThrown(error)}`, fix: unknownCause };
  return {
    status: 'failed',
    summary: `${what}: ${cause.what} (${code})`,
    ...(cause.requirement && { requirement: cause.requirement }),
    fix: cause.fix,
  };
}
