/** How loud a track is and what its sound is made of, read once per drawn frame. */
export interface Loudness {
  /** 0 is silence, 1 as loud as speech gets. */
  level: number
  /** The strength of a few bands from low to high, each from 0 to 1. */
  bands: readonly number[]
}

const BANDS = 6
const SILENCE: Loudness = { level: 0, bands: Array.from({ length: BANDS }, () => 0) }

/** Listens to one track at a time. Nothing that it hears leaves this page. */
export class LoudnessMeter {
  #context: AudioContext | null = null
  #source: MediaStreamAudioSourceNode | null = null
  #analyser: AnalyserNode | null = null
  #samples = new Float32Array(0)
  #spectrum = new Uint8Array(0)
  #level = 0

  listenTo(track: MediaStreamTrack | null): void {
    this.#source?.disconnect()
    this.#source = null
    if (track === null) return
    this.#context ??= new AudioContext()
    // Without a gesture the context sleeps; it wakes with the first press on the page.
    void this.#context.resume()
    this.#analyser ??= this.#newAnalyser(this.#context)
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]))
    this.#source.connect(this.#analyser)
  }

  #newAnalyser(context: AudioContext): AnalyserNode {
    const analyser = context.createAnalyser()
    analyser.fftSize = 1024
    analyser.smoothingTimeConstant = 0.7
    this.#samples = new Float32Array(analyser.fftSize)
    this.#spectrum = new Uint8Array(analyser.frequencyBinCount)
    return analyser
  }

  read(): Loudness {
    if (this.#source === null || this.#analyser === null) return SILENCE
    this.#analyser.getFloatTimeDomainData(this.#samples)
    this.#analyser.getByteFrequencyData(this.#spectrum)
    const energy = this.#samples.reduce((sum, sample) => sum + sample * sample, 0)
    const loud = Math.min(1, Math.sqrt(energy / this.#samples.length) * 6)
    // Quick to rise, slow to fall, as ears are.
    this.#level += (loud - this.#level) * (loud > this.#level ? 0.5 : 0.12)
    return { level: this.#level, bands: this.#bands() }
  }

  #bands(): number[] {
    // Speech lives in the lowest sixth of what a 48 kHz track can carry.
    const width = Math.floor(this.#spectrum.length / 6 / BANDS)
    return Array.from({ length: BANDS }, (_, band) => {
      const bins = this.#spectrum.subarray(band * width, (band + 1) * width)
      return bins.reduce((sum, bin) => sum + bin, 0) / (width * 255)
    })
  }

  close(): void {
    this.listenTo(null)
    void this.#context?.close()
    this.#context = null
    this.#analyser = null
  }
}
