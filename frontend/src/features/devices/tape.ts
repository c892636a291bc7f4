import { applyChosenOutput } from '@/lib/devices/output'

/** Some seconds of sound. It lives in the memory of this page and nowhere else. */
export interface Recording {
  samples: Float32Array<ArrayBuffer>
  sampleRate: number
}

/** Keeps what `track` hears until it is stopped or `longestMs` have passed. */
export async function record(
  track: MediaStreamTrack,
  longestMs: number,
  stopped: AbortSignal,
): Promise<Recording> {
  const context = new AudioContext()
  const pieces: Float32Array[] = []
  try {
    await context.audioWorklet.addModule(new URL('./tape-worklet.js', import.meta.url))
    const source = context.createMediaStreamSource(new MediaStream([track]))
    const tape = new AudioWorkletNode(context, 'tape')
    tape.port.onmessage = ({ data }: MessageEvent<Float32Array>) => pieces.push(data)
    // It gives no sound of its own, but only what leads to an end is run.
    source.connect(tape).connect(context.destination)
    await context.resume()
    await over(stopped, (end) => setTimeout(end, longestMs))
    source.disconnect()
  } finally {
    void context.close()
  }
  return { samples: joined(pieces), sampleRate: context.sampleRate }
}

/** Plays it through the chosen loudspeaker; done when it is over, or stopped. */
export async function play(recording: Recording, stopped: AbortSignal): Promise<void> {
  if (stopped.aborted) return
  const context = new AudioContext()
  const element = document.createElement('audio')
  element.dataset.voice = 'playback'
  try {
    const sound = context.createBuffer(1, recording.samples.length, recording.sampleRate)
    sound.copyToChannel(recording.samples, 0)
    const source = context.createBufferSource()
    source.buffer = sound
    // By way of an element, because every browser that lets one choose a loudspeaker does so there.
    const toElement = context.createMediaStreamDestination()
    source.connect(toElement)
    element.srcObject = toElement.stream
    document.body.append(element)
    // Without a list of loudspeakers it is heard from the usual one.
    await applyChosenOutput(element).catch(() => undefined)
    await Promise.all([context.resume(), element.play()])
    source.start()
    await over(stopped, (end) => (source.onended = end))
  } finally {
    element.srcObject = null
    element.remove()
    void context.close()
  }
}

/** Done when it was stopped, or has come to its own end. */
function over(stopped: AbortSignal, atItsEnd: (end: () => void) => void): Promise<void> {
  if (stopped.aborted) return Promise.resolve()
  return new Promise((end) => {
    stopped.addEventListener('abort', () => end())
    atItsEnd(() => end())
  })
}

/** Softer than this is the noise of a room, not a voice in it. */
const SOFTEST_VOICE_RMS = 0.006
const WINDOW_S = 0.1

/** Whether there is nothing in it that would be worth hearing. */
export function isSilent({ samples, sampleRate }: Recording): boolean {
  const window = Math.round(sampleRate * WINDOW_S)
  for (let from = 0; from < samples.length; from += window) {
    const piece = samples.subarray(from, from + window)
    const energy = piece.reduce((sum, sample) => sum + sample * sample, 0)
    if (Math.sqrt(energy / piece.length) >= SOFTEST_VOICE_RMS) return false
  }
  return true
}

function joined(pieces: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const whole = new Float32Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
