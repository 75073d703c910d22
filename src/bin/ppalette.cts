#!/usr/bin/env node
/**
 * Starts `ppalette.ts` with more threads for what the system has no other way to wait for: looking up
 * names and files. There are four by default, of which half look up names, so that one dead name
 * server would hold up every check of a host by its name. Their number is read before the first file
 * is loaded as an ES module, hence CommonJS.
 */

process.env['UV_THREADPOOL_SIZE'] ??= '64';
void import('./ppalette.ts');
