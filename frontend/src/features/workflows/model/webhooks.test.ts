import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Graph } from './graph';
import { example, webhooksOf, withoutWebhook, withWebhook } from './webhooks';

const graph = (triggers: unknown) => ({ triggers }) as unknown as Graph;

describe('webhooks', () => {
  it('are found, added and removed among the triggers, and leave the others', () => {
    const cron = { type: 'schedule', cron: '0 * * * *' };
    expect(webhooksOf(graph(undefined))).toEqual([]);
    expect(webhooksOf(graph([null, cron, { type: 'webhook' }]))).toEqual([2]);
    expect(withWebhook(graph([cron]))).toEqual([cron, { type: 'webhook' }]);
    expect(withoutWebhook(graph([{ type: 'webhook' }, cron, { type: 'webhook' }]))).toEqual([cron]);
  });

  it('are shown with an example that signs as the specification does', () => {
    const script = example('https://example.com/api/hooks/1')
      .replace('whsec_…', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
      .replace(/^body=.*$/m, `body='{"test": 2432232314}'`)
      .replace(/^id=.*$/m, 'id=msg_p5jXN8AQM9LWM0D4loKWxJek; at=1614265330')
      .replace(/^curl.*/ms, 'printf %s "$sign"');
    const signed = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(signed).toBe('g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });
});
