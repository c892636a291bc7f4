import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'

/** When each word was heard and when it was there to be read, on the page's own clock. */
export interface WordTimes {
  heardAt: number[]
  shownAt: number[]
}

declare global {
  interface Window {
    beepTimes: WordTimes
  }
}

const EAR = readFileSync(join(import.meta.dirname, 'beep-ear.js'), 'utf8')

/**
 * Lets a page note when it hears each of the simulator's beeps (docs/simulator.md), and when it shows their words.
 * The page must run without its content security policy: the ear's script is none of its own.
 */
export async function giveBeepEar(page: Page, firstWord: string): Promise<void> {
  await page.addInitScript(injectBeepEar, { firstWord, ear: EAR })
}

/** Makes the browser keep sound back for so long, as it does by itself on a bad line. */
export async function slowDownSound(page: Page, delayMs: number): Promise<void> {
  await page.addInitScript((target) => {
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        this.addEventListener('track', ({ receiver }) => {
          if (receiver.track.kind === 'audio') receiver.jitterBufferTarget = target
        })
      }
    }
  }, delayMs)
}

/** How much later than heard each word was shown, in order. */
export function latenesses({ heardAt, shownAt }: WordTimes): number[] {
  return heardAt.map((heard, word) => (shownAt[word] ?? Infinity) - heard)
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN
}

/** Runs in the page before its own code. */
function injectBeepEar({ firstWord, ear }: { firstWord: string; ear: string }): void {
  const times: WordTimes = { heardAt: [], shownAt: [] }
  window.beepTimes = times
  let stream: MediaProvider | null = null
  let context: AudioContext | null = null
  /** From the audio's clock to the page's: a look at both is late at worst, never early. */
  let offset = Infinity

  const listenTo = async (playing: MediaStream) => {
    context = new AudioContext({ sampleRate: 48_000 })
    await context.resume()
    await context.audioWorklet.addModule(
      URL.createObjectURL(new Blob([ear], { type: 'text/javascript' })),
    )
    const node = new AudioWorkletNode(context, 'beep-ear')
    node.port.onmessage = ({ data }: MessageEvent<{ word: number; at: number }>) => {
      const next = times.heardAt.length
      // Speech has pitches, too: what is not the next word of the count is no beep of ours.
      if (data.word === next % 8) times.heardAt.push(data.at + offset)
    }
    context.createMediaStreamSource(playing).connect(node)
  }
  setInterval(() => {
    const player = document.querySelector<HTMLAudioElement>('audio[data-voice]')
    const playing = player?.srcObject ?? null
    if (playing instanceof MediaStream && playing !== stream) {
      stream = playing
      void listenTo(playing)
    }
    if (context !== null && context.state === 'running') {
      offset = Math.min(offset, performance.now() - context.currentTime * 1_000)
    }
  }, 10)

  new MutationObserver(() => {
    const now = performance.now()
    const line = [...document.querySelectorAll('ol > [data-speaker=tutor] [data-words]')].at(-1)
    const words = line?.textContent.trim().split(/\s+/) ?? []
    if (words[0] !== firstWord) return
    while (times.shownAt.length < words.length) times.shownAt.push(now)
  }).observe(document, { subtree: true, childList: true, characterData: true })
}
