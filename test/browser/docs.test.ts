/** The documentation page in a real browser. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiSite, openApiSite } from '../api-site.ts';
import { startBrowser } from '../servers/browser.ts';
import { needs } from '../servers/needs.ts';

describe.skipIf(needs('chromium'))('the documentation page', () => {
  let site: ApiSite;
  let browser: Browser;
  let url: string;
  beforeAll(async () => {
    site = await openApiSite();
    url = await site.server.listen({ host: '127.0.0.1', port: 0 });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  test('shows every operation, without a complaint of the browser', async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${url}/docs`);
    await page.getByText('List checks with their current states').waitFor();
    expect(await page.title()).toContain('ppalette');
    expect(await page.locator('.opblock').count()).toBeGreaterThan(40);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('lets a person try an operation with a token', async () => {
    const page = await browser.newPage();
    await page.goto(`${url}/docs`);
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    await page.locator('.auth-container input').fill(site.admin);
    await page.locator('.auth-btn-wrapper').getByRole('button', { name: 'Apply' }).click();
    await page.locator('.auth-btn-wrapper').getByRole('button', { name: 'Close' }).click();
    const operation = page.locator('#operations-Configuration-listSuites');
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation
      .locator('.live-responses-table .response-col_status')
      .getByText('200')
      .waitFor();
    await page.close();
  });
});
