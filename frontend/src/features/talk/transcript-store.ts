import { useSyncExternalStore } from 'react'
import { shownEntries, type ScriptEntry } from './transcript'

/**
 * The words of a talk, apart from all else that a page shows: they change with every word that is heard,
 * and whoever draws only the ring or the buttons has nothing to do with that.
 */
export class TranscriptStore {
  #entries: readonly ScriptEntry[] = []
  #shown: readonly ScriptEntry[] = []
  readonly #listeners = new Set<() => void>()
  #isToldSoon = false

  entries = (): readonly ScriptEntry[] => this.#entries

  /** What is on the page: the same value until it is told. */
  shown = (): readonly ScriptEntry[] => this.#shown

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  set(entries: readonly ScriptEntry[]): void {
    this.#entries = entries
    if (this.#isToldSoon) return
    this.#isToldSoon = true
    // Once a frame, however many words come: a tab out of sight draws none, and is told now and then.
    const wait = document.visibilityState === 'visible' ? requestAnimationFrame : later
    wait(() => this.#tell())
  }

  #tell(): void {
    this.#isToldSoon = false
    this.#shown = shownEntries(this.#entries)
    for (const listener of this.#listeners) listener()
  }
}

const HIDDEN_MS = 250

function later(tell: () => void): void {
  setTimeout(tell, HIDDEN_MS)
}

/** The words as they stand. Who uses this is drawn anew with every one of them. */
export function useShown(transcript: TranscriptStore): readonly ScriptEntry[] {
  return useSyncExternalStore(transcript.subscribe, transcript.shown)
}

/** Whether anything was said. */
export function useIsSaid(transcript: TranscriptStore): boolean {
  return useSyncExternalStore(transcript.subscribe, () => transcript.shown().length > 0)
}
