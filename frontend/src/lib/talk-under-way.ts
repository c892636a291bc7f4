/**
 * Whether a talk is under way on this page, for those who must not disturb it (an update that wants to load the page
 * anew). Without LiveKit in it, so that the first page loads without LiveKit.
 */
let underWay = false
const listeners = new Set<() => void>()

export function isTalking(): boolean {
  return underWay
}

/** Calls back whenever a talk begins or is over; returns what stops that. */
export function onTalking(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Only the talk itself says this. */
export function setTalking(talking: boolean): void {
  if (talking === underWay) return
  underWay = talking
  for (const listener of listeners) listener()
}
