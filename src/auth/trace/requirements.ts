// Owns which requirement of which specification a finding of the doctor stands on. Data alone.
import type { Requirement } from './report.ts';

export const requirements = {
  authenticate: {
    spec: 'RFC 9110',
    section: '15.5.2',
    text: 'a 401 answer must carry a WWW-Authenticate header',
  },
  bearer: {
    spec: 'RFC 6750',
    section: '3',
    text: 'a resource that takes bearer tokens must answer with the scheme Bearer',
  },
  insufficientScope: {
    spec: 'RFC 6750',
    section: '3.1',
    text: 'the request needs more than the token grants',
  },
  invalidToken: {
    spec: 'RFC 6750',
    section: '3.1',
    text: 'the token is expired, revoked, malformed, or meant for somebody else',
  },
  certificate: {
    spec: 'RFC 9110',
    section: '4.3.4',
    text: 'the certificate of an https server must be valid for its name and come from a trusted authority',
  },
  resourceMetadata: {
    spec: 'RFC 9728',
    section: '3',
    text: 'the metadata of a resource lies at its well-known URL; MCP servers with a login must publish it',
  },
  resourceAnswer: {
    spec: 'RFC 9728',
    section: '3.2',
    text: 'the metadata must be a JSON object, answered with status 200',
  },
  resourceMatch: {
    spec: 'RFC 9728',
    section: '3.3',
    text: 'the resource in the metadata must be the one that was asked about',
  },
  resourceMember: {
    spec: 'RFC 9728',
    section: '2',
    text: 'the metadata must hold the member "resource"',
  },
  clientBinding: {
    spec: 'MCP 2026-07-28',
    section: 'Authorization, Client Registration, Authorization Server Binding',
    text: 'the credentials of a client must not be used at another authorization server than its own',
  },
  serverSideRequests: {
    spec: 'RFC 9728',
    section: '7.7',
    text: 'metadata of a public server must not make the client ask inside of its own network',
  },
  serverMetadata: {
    spec: 'RFC 8414',
    section: '3',
    text: 'the metadata of an authorization server lies at its well-known URL',
  },
  serverAnswer: {
    spec: 'RFC 8414',
    section: '3.2',
    text: 'the metadata must be a JSON object, answered with status 200',
  },
  issuerMatch: {
    spec: 'RFC 8414',
    section: '3.3',
    text: 'the issuer in the metadata must be the one whose metadata was asked for',
  },
  endpoints: {
    spec: 'RFC 8414',
    section: '2',
    text: 'the metadata must name authorization_endpoint and token_endpoint',
  },
  endpointTls: {
    spec: 'RFC 6749',
    section: '3.1, 3.2',
    text: 'the endpoints of an authorization server must be https',
  },
  registration: {
    spec: 'MCP 2025-11-25',
    section: 'Authorization, Client Registration Approaches',
    text: 'a client becomes known by registration in advance, a client ID metadata document, or dynamic registration',
  },
  authMethods: {
    spec: 'RFC 8414',
    section: '2',
    text: 'token_endpoint_auth_methods_supported lists how clients may authenticate',
  },
  grantTypes: {
    spec: 'RFC 8414',
    section: '2',
    text: 'grant_types_supported lists the grants that the server gives',
  },
  deviceEndpoint: {
    spec: 'RFC 8628',
    section: '4',
    text: 'a server with the device grant names its device_authorization_endpoint',
  },
  pushed: {
    spec: 'RFC 9126',
    section: '5',
    text: 'a server that requires pushed requests names its pushed_authorization_request_endpoint',
  },
  pkce: {
    spec: 'RFC 7636',
    section: '4.2',
    text: 'S256 must be implemented by every server that has PKCE',
  },
  scopes: {
    spec: 'RFC 6749',
    section: '3.3',
    text: 'a scope that the server does not know is refused (invalid_scope)',
  },
  target: {
    spec: 'RFC 8707',
    section: '2',
    text: 'a resource that does not go with the scopes asked for is refused (invalid_target)',
  },
  mixUp: {
    spec: 'RFC 9700',
    section: '4.4',
    text: 'tokens and registrations belong to the issuer that gave them, and to no other',
  },
} as const satisfies Record<string, Requirement>;
