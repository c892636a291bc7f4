import { follow, LoudnessScale } from './loudness'

/** How loud a track is and what its sound is made of, as ears would judge it. */
export interface Loudness {
  /** 0 is silence, 1 as loud as speech gets. */
  level: number
  /** The strength of a few bands from low to high, each from 0 to 1. */
  bands: readonly number[]
}

/** Where one band of speech ends and the next begins: a little more than an octave each. */
const EDGES_HZ = [80, 200, 380, 700, 1_300, 2_300, 4_200]
const QUIETEST_DB = -82
const LOUDEST_DB = -28
/** A pause without readings, after which nothing is left of what was heard before. */
const FORGETS_AFTER_S = 1

interface Ear {
  analyser: AnalyserNode
  samples: Float32Array<ArrayBuffer>
  spectrum: Float32Array<ArrayBuffer>
  /** The first bin of each band, and the end of the last. */
  bins: number[]
}

/** Listens to one track at a time. Nothing that it hears leaves this page. */
export class LoudnessMeter {
  #context: AudioContext | null = null
  #source: MediaStreamAudioSourceNode | null = null
  #ear: Ear | null = null
  #scale = new LoudnessScale()
  #readAt = 0
  #level = 0
  readonly #bands = EDGES_HZ.slice(1).map(() => 0)

  listenTo(track: MediaStreamTrack | null): void {
    this.#source?.disconnect()
    this.#source = null
    this.#scale = new LoudnessScale()
    if (track === null) {
      // Left running, it would cost battery for as long as the page is open.
      void this.#context?.suspend().catch(() => undefined)
      return
    }
    this.#context ??= new AudioContext()
    // Without a gesture the context sleeps; it wakes with the first press on the page.
    void this.#context.resume().catch(() => undefined)
    this.#ear ??= newEar(this.#context)
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]))
    this.#source.connect(this.#ear.analyser)
  }

  /** What is heard now. The answer is one object that the next reading writes anew. */
  read(nowMs = performance.now()): Loudness {
    const seconds = Math.min(FORGETS_AFTER_S, Math.max(0, (nowMs - this.#readAt) / 1000))
    this.#readAt = nowMs
    if (this.#source === null || this.#ear === null) this.#fade(seconds)
    else this.#hear(this.#ear, seconds)
    this.#reading.level = this.#level
    return this.#reading
  }
  readonly #reading = { level: 0, bands: this.#bands }

  #hear({ analyser, samples, spectrum, bins }: Ear, seconds: number): void {
    analyser.getFloatTimeDomainData(samples)
    let energy = 0
    for (const sample of samples) energy += sample * sample
    const heard = this.#scale.levelOf(10 * Math.log10(energy / samples.length + 1e-12), seconds)
    this.#level = follow(this.#level, heard, seconds)
    if (heard === 0) {
      // What a silence is made of need not be asked: the spectrum is the dearer half.
      this.#fadeBands(seconds)
      return
    }
    analyser.getFloatFrequencyData(spectrum)
    for (let band = 0; band < this.#bands.length; band += 1) {
      const from = bins[band] ?? 0
      const to = bins[band + 1] ?? from + 1
      let sum = 0
      for (let bin = from; bin < to; bin += 1) sum += strengthOf(spectrum[bin] ?? QUIETEST_DB)
      // Hiss that is no voice leaves the bands at rest, too.
      const strength = (sum / (to - from)) * Math.min(1, heard * 3)
      this.#bands[band] = follow(this.#bands[band] ?? 0, strength, seconds)
    }
  }

  #fade(seconds: number): void {
    this.#level = follow(this.#level, 0, seconds)
    this.#fadeBands(seconds)
  }

  #fadeBands(seconds: number): void {
    for (let band = 0; band < this.#bands.length; band += 1) {
      this.#bands[band] = follow(this.#bands[band] ?? 0, 0, seconds)
    }
  }

  close(): void {
    this.listenTo(null)
    void this.#context?.close()
    this.#context = null
    this.#ear = null
  }
}

function newEar(context: AudioContext): Ear {
  const analyser = context.createAnalyser()
  analyser.fftSize = 512
  // Smoothed by our own clock: the analyser's smoothing goes by how often it is asked.
  analyser.smoothingTimeConstant = 0
  const binHz = context.sampleRate / analyser.fftSize
  const bins = EDGES_HZ.map((edge) =>
    Math.min(analyser.frequencyBinCount, Math.round(edge / binHz)),
  )
  return {
    analyser,
    samples: new Float32Array(analyser.fftSize),
    spectrum: new Float32Array(analyser.frequencyBinCount),
    bins: bins.map((bin, index) => Math.max(bin, (bins[0] ?? 0) + index)),
  }
}

function strengthOf(decibels: number): number {
  return Math.min(1, Math.max(0, (decibels - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB)))
}
