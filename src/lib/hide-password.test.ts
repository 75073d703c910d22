import { expect, test } from 'vitest';
import { hidePassword } from './hide-password.ts';

test.each([
  ['postgres://u:secret@db/x', 'postgres://u:***@db/x'],
  ['amqp://u:p@ss@word@host:5672', 'amqp://u:***@host:5672'],
  ['amqps://u:sec:ret@host', 'amqps://u:***@host'],
  ['mysql://u@db/x', 'mysql://u@db/x'],
  ['sqlite:data.db', 'sqlite:data.db'],
])('%s is shown as %s', (url, shown) => {
  expect(hidePassword(url)).toBe(shown);
});
