/** `/api/v1/openapi.json`, and the same to read and to try at `/docs`. */

import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { API_PREFIX } from '../../contract/paths.ts';
import { createOpenApi } from './openapi.ts';

/**
 * The page's own scripts and pictures only, and requests to this server only. Its styles are written
 * into elements by the script, so they cannot be named.
 */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

/** Adds both to the server; they need no token, since they tell nothing of the site. */
export async function addDocumentation(server: FastifyInstance, version: string): Promise<void> {
  const document = createOpenApi(version);
  const text = JSON.stringify(document);
  server.get(`${API_PREFIX}/openapi.json`, (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(text),
  );
  await server.register(swagger, {
    mode: 'static',
    specification: { document: document as never },
  });
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { deepLinking: true, docExpansion: 'list', displayRequestDuration: true },
    staticCSP: PAGE_POLICY,
    theme: { title: 'ppalette API' },
  });
}
