/** The webhook among the triggers of a graph, and how somebody delivers to it by hand. */
import type { Graph } from './graph';
import { type Trigger, triggersOf } from './schedules';

/** The places of its webhooks; a workflow has one at most, more are a mistake to be shown. */
export function webhooksOf(graph: Graph): number[] {
  return triggersOf(graph).flatMap((trigger, position) => (trigger?.type === 'webhook' ? [position] : []));
}

/** The triggers with a webhook. */
export function withWebhook(graph: Graph): Trigger[] {
  return [...triggersOf(graph), { type: 'webhook' }];
}

/** The triggers without any webhook. */
export function withoutWebhook(graph: Graph): Trigger[] {
  return triggersOf(graph).filter((trigger) => trigger?.type !== 'webhook');
}

/** A delivery on a command line: the signature by openssl, the request by curl. */
export function example(address: string): string {
  return [
    "secret='whsec_…'",
    'body=\'{"hello":"world"}\'',
    'id="msg_$(date +%s%N)"; at="$(date +%s)"',
    // The key is what the secret says in base64, and openssl takes it in hexadecimal.
    'key="$(printf %s "$secret" | cut -c7- | base64 -d | od -An -v -tx1 | tr -d \' \\n\')"',
    'sign="$(printf %s "$id.$at.$body" | openssl dgst -sha256 -mac HMAC -macopt hexkey:"$key" -binary | base64)"',
    `curl -X POST '${address}' -H 'Content-Type: application/json' \\`,
    '  -H "webhook-id: $id" -H "webhook-timestamp: $at" -H "webhook-signature: v1,$sign" -d "$body"',
  ].join('\n');
}
