export type Refusal = 'denied' | 'absent' | 'busy'
export type Remedy = 'chromium' | 'firefox' | 'safari' | 'absent' | 'busy'

/** Why the browser gave us no microphone. */
export function refusalOf(cause: unknown): Refusal {
  const name = cause instanceof Error ? cause.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy'
  return 'absent'
}

/** Which advice helps: where a microphone is allowed again differs from browser to browser. */
export function remedyOf(refusal: Refusal, agent = navigator.userAgent): Remedy {
  if (refusal !== 'denied') return refusal
  if (agent.includes('Firefox')) return 'firefox'
  return agent.includes('Safari') && !agent.includes('Chrom') ? 'safari' : 'chromium'
}
