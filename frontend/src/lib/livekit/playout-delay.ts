import type { RemoteTrack } from 'livekit-client'

/**
 * A word is sent when it has been played out at the tutor's side, and a little later to be sure. While the browser
 * keeps sound back for less than this, a word is read within the sound of it.
 */
const ALLOWED_MS = 150
const LOOK_MS = 1_000

/** What the browser counts of the sound that it received, since the beginning. */
export interface PlayoutCounts {
  /** Seconds that the samples waited until they were played, all added up. */
  waited: number
  samples: number
  /** The same for the way from there to the loudspeaker. */
  deviceWaited: number
  deviceSamples: number
}

/** How long the browser keeps the tutor's sound back before it is heard. */
export class PlayoutDelay {
  #timer: ReturnType<typeof setInterval> | undefined
  #before: PlayoutCounts | null = null
  #delayMs = 0

  /** How long words must wait for their sound. */
  holdMs = (): number => Math.max(0, this.#delayMs - ALLOWED_MS)

  follow(track: RemoteTrack | null): void {
    clearInterval(this.#timer)
    this.#before = null
    this.#delayMs = 0
    if (track === null) return
    this.#timer = setInterval(() => void this.#look(track), LOOK_MS)
  }

  async #look(track: RemoteTrack): Promise<void> {
    const report = await track.getRTCStatsReport().catch(() => undefined)
    if (report === undefined) return
    const counts = countsOf(report)
    if (this.#before !== null) this.#delayMs = delayBetween(this.#before, counts) ?? this.#delayMs
    this.#before = counts
  }
}

/** The mean delay of what was played between two looks, in milliseconds; null where nothing was. */
export function delayBetween(before: PlayoutCounts, now: PlayoutCounts): number | null {
  const samples = now.samples - before.samples
  if (samples <= 0) return null
  const buffer = (now.waited - before.waited) / samples
  const deviceSamples = now.deviceSamples - before.deviceSamples
  const device = deviceSamples > 0 ? (now.deviceWaited - before.deviceWaited) / deviceSamples : 0
  return Math.max(0, buffer + device) * 1_000
}

interface Counted {
  type: string
  jitterBufferDelay?: number
  jitterBufferEmittedCount?: number
  totalPlayoutDelay?: number
  totalSamplesCount?: number
}

function countsOf(report: RTCStatsReport): PlayoutCounts {
  const counts = { waited: 0, samples: 0, deviceWaited: 0, deviceSamples: 0 }
  report.forEach((stats: Counted) => {
    if (stats.type === 'inbound-rtp') {
      counts.waited += stats.jitterBufferDelay ?? 0
      counts.samples += stats.jitterBufferEmittedCount ?? 0
    } else if (stats.type === 'media-playout') {
      counts.deviceWaited += stats.totalPlayoutDelay ?? 0
      counts.deviceSamples += stats.totalSamplesCount ?? 0
    }
  })
  return counts
}
