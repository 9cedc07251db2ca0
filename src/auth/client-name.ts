// Owns what this client calls itself to authorization servers: its own name, and never that of a product they know.

/** What a human reads on the consent page (RFC 7591 section 2). */
export const clientName = 'Portico';

/** The same in every registration of every version, so that a server can tell this software from others (RFC 7591 section 2). */
export const softwareId = 'mcp-portico';
