import { describe, expect, test } from 'vitest';
import { ConfigError } from '../model/errors.ts';
import { explainFailure, parseAddress } from './rabbitmq-address.ts';

describe('an address', () => {
  test('has the defaults of RabbitMQ', () => {
    expect(parseAddress('amqp://mq.example', 6)).toMatchObject({
      url: 'amqp://mq.example?heartbeat=6',
      label: 'mq.example:5672',
      user: 'guest',
      virtualHost: '/',
    });
    expect(parseAddress('amqps://mq.example/', 6).label).toBe('mq.example:5671');
  });

  test('is decoded for people, and left encoded for the client', () => {
    const address = parseAddress('amqp://us%2Fer:p%40ss@[::1]:5000/a%2Fb?frameMax=8192', 6);
    expect(address).toEqual({
      url: 'amqp://us%2Fer:p%40ss@[::1]:5000/a%2Fb?frameMax=8192&heartbeat=6',
      label: '[::1]:5000',
      user: 'us/er',
      password: 'p@ss',
      virtualHost: 'a/b',
    });
  });

  test.each(['', 'mq.example', 'http://u:hunter2@mq', 'amqp:', 'amqp://u:hunter2@mq:port'])(
    'is refused when it is %j, without repeating it',
    (text) => {
      expect(() => parseAddress(text, 6)).toThrow(ConfigError);
      expect(() => parseAddress(text, 6)).not.toThrow('hunter2');
    },
  );
});

describe('a failure', () => {
  const address = parseAddress('amqp://user:p%40ss@mq/prod', 6);

  test('that a person must put right is named', () => {
    const login = new Error(
      'Handshake terminated by server: 403 (ACCESS-REFUSED) with message ...',
    );
    expect(explainFailure(login, address)).toEqual({
      reason: 'user name or password is wrong (user "user")',
      isRefusal: true,
    });
    const host = new Error('Expected ConnectionOpenOk; got <ConnectionClose channel:0>');
    expect(explainFailure(host, address)).toEqual({
      reason: 'there is no virtual host "prod" for user "user"',
      isRefusal: true,
    });
  });

  test('of several network addresses is told once each', () => {
    const error = new AggregateError([
      new Error('connect ECONNREFUSED ::1:5672'),
      new Error('connect ECONNREFUSED 127.0.0.1:5672'),
      new Error('connect ECONNREFUSED ::1:5672'),
    ]);
    expect(explainFailure(error, address)).toEqual({
      reason: 'connect ECONNREFUSED ::1:5672, connect ECONNREFUSED 127.0.0.1:5672',
      isRefusal: false,
    });
  });

  test('never holds the password, whoever put it there', () => {
    for (const text of ['amqp://user:p%40ss@mq', 'login with p@ss failed']) {
      expect(explainFailure(new Error(text), address).reason).not.toMatch(/p@ss|p%40ss/);
    }
  });
});
