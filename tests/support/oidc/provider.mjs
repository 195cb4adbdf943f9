// OpenID providers by the package oidc-provider, and behind each a resource that its tokens open, verified by jose.
// One JSON object on each line of stdin is an order, one line of stdout its answer.
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createLocalJWKSet, jwtVerify } from 'jose';
import Provider from 'oidc-provider';

console.info = console.error; // stdout is for answers
const RESOURCE = 'urn:pos';
const houses = new Map(); // by port
const clients = new Map();

const keys = ['first', 'other'].map((kid) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const told = (half) => ({ ...half.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid });
  return { secret: told(privateKey), open: told(publicKey) };
});

// What the provider remembers, beside its clients: nothing, for its tokens are signed and not kept.
class Memory {
  constructor(kind) { this.kind = kind; }
  async find(id) { return this.kind === 'Client' ? clients.get(id) : undefined; }
  async findByUid() {}
  async findByUserCode() {}
  async upsert() {}
  async consume() {}
  async destroy() {}
  async revokeByGrantId() {}
}

function house(asked, port) {
  const issuer = asked.issuer ?? `${asked.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  const { secret, open } = keys[asked.keys ?? 0];
  const provider = new Provider(issuer, {
    adapter: Memory,
    jwks: { keys: [secret] },
    cookies: { keys: ['none is ever set'] },
    ttl: { ClientCredentials: asked.ttl },
    scopes: ['pos', 'office'],
    clientAuthMethods: asked.methods,
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        getResourceServerInfo: () => ({
          scope: 'pos office', audience: RESOURCE, accessTokenFormat: 'jwt', accessTokenTTL: asked.ttl,
        }),
      },
    },
  });
  provider.proxy = true; // what the machine in front says of the way here counts
  const counts = { discoveries: 0, tokens: 0, errors: [], calls: 0, closed: 0 };
  provider.on('discovery.error', (_, error) => counts.errors.push(error.message));
  provider.on('grant.success', () => { counts.tokens += 1; });
  provider.on('grant.error', (_, error) => counts.errors.push(error.message));
  provider.on('server_error', (_, error) => counts.errors.push(`server error: ${error.stack}`));
  const answer = provider.callback();
  return {
    counts,
    issuer,
    async serve(request, response) {
      if (request.url.startsWith('/api/graphql')) {
        response.statusCode = await opened(request, open, issuer);
        counts[response.statusCode === 200 ? 'calls' : 'closed'] += 1;
        response.setHeader('content-type', 'application/json');
        response.end(response.statusCode === 200 ? '{"data":{"environment":null}}' : undefined);
        return;
      }
      counts.discoveries += request.url.startsWith('/.well-known/') ? 1 : 0;
      Object.assign(request.headers, asked.headers);
      // As where a machine in front ends TLS, and does not say so.
      if (asked.bare) Object.defineProperty(request.socket, 'encrypted', { value: false, configurable: true });
      answer(request, response);
    },
  };
}

async function opened(request, key, issuer) {
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  try {
    const { payload } = await jwtVerify(token ?? '', createLocalJWKSet({ keys: [key] }), {
      issuer, audience: RESOURCE, currentDate: new Date(Date.now()),
    });
    return payload.scope?.split(' ').includes('pos') ? 200 : 403;
  } catch {
    return 401;
  }
}

const clock = Date.now;
const orders = {
  // A provider: at a port that was free, or at the one that it is to have again.
  open: (asked) => new Promise((resolve) => {
    const tls = asked.tls && { key: readFileSync(asked.tls.key), cert: readFileSync(asked.tls.certificate) };
    const server = tls ? createTlsServer(tls) : createServer();
    server.listen(asked.port ?? 0, '127.0.0.1', () => {
      const { port } = server.address();
      const it = house(asked, port);
      server.on('request', it.serve);
      houses.set(port, { ...it, server });
      resolve({ port, issuer: it.issuer });
    });
  }),
  close: ({ port }) => new Promise((resolve) => {
    const { server } = houses.get(port);
    houses.delete(port);
    server.close(() => resolve({}));
    server.closeAllConnections();
  }),
  client: ({ client }) => { clients.set(client.client_id, client); return {}; },
  revoke: ({ id }) => ({ revoked: clients.delete(id) }),
  later: ({ s }) => { Date.now = () => clock() + s * 1000; return {}; },
  counts: ({ port }) => houses.get(port).counts,
};

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await orders[asked.order](asked))}\n`);
}
for (const { server } of houses.values()) {
  server.close();
  server.closeAllConnections();
}
