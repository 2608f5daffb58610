/** What the guards of a policy found in a message. */
import type { GuardFinding } from '@/api/types';

/** The findings that a message carries; its metadata is open, so it is looked at before it is believed. */
export function findingsOf(metadata: unknown): GuardFinding[] {
  const found = (metadata as { findings?: unknown } | null)?.findings;
  return Array.isArray(found) ? (found as GuardFinding[]) : [];
}
