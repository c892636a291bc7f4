/* global AudioWorkletProcessor, registerProcessor, currentFrame, sampleRate -- what an audio thread has. */
const BLOCK = 480
const LOUD = 0.03

/** In the audio thread, which nothing on the page can hold up: tells when which of the eight pitches begins. */
class BeepEar extends AudioWorkletProcessor {
  #block = new Float32Array(BLOCK)
  #filled = 0
  #sounding = -1

  process([input]) {
    for (const sample of input?.[0] ?? []) {
      this.#block[this.#filled] = sample
      this.#filled += 1
      if (this.#filled === BLOCK) this.#judge()
    }
    return true
  }

  #judge() {
    this.#filled = 0
    let [pitch, loudest] = [-1, LOUD]
    // Ten milliseconds tell pitches of whole hundreds of Hertz apart exactly.
    for (let word = 0; word < 8; word += 1) {
      const strength = this.#strengthOf(400 + 100 * word)
      if (strength > loudest) [pitch, loudest] = [word, strength]
    }
    if (pitch >= 0 && pitch !== this.#sounding) {
      this.port.postMessage({ word: pitch, at: ((currentFrame - BLOCK) / sampleRate) * 1000 })
    }
    this.#sounding = pitch
  }

  /** Goertzel's algorithm. */
  #strengthOf(pitch) {
    const turn = 2 * Math.cos((2 * Math.PI * pitch) / sampleRate)
    let [last, before] = [0, 0]
    for (const sample of this.#block) [last, before] = [sample + turn * last - before, last]
    return Math.sqrt(last * last + before * before - turn * last * before) / (BLOCK / 2)
  }
}

registerProcessor('beep-ear', BeepEar)
