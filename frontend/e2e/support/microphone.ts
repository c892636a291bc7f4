import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Speaks `text` into a file: 48 kHz, mono, 16 bit, with silence around it. */
export function speakInto(file: string, text: string, silence = { before: 0.1, after: 0.2 }): void {
  const raw = `${file}.raw.wav`
  execFileSync('espeak-ng', ['-s', '150', '-w', raw, text])
  execFileSync('sox', [
    raw,
    '-r',
    '48000',
    '-c',
    '1',
    '-b',
    '16',
    file,
    'norm',
    '-3',
    'pad',
    String(silence.before),
    String(silence.after),
  ])
  rmSync(raw)
}

/** The spoken `text` as base64 of a WAV, for a page to play into its own microphone. */
export function spoken(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'avaaz-voice-'))
  try {
    const file = join(folder, 'say.wav')
    speakInto(file, text)
    return readFileSync(file).toString('base64')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A file of silence, for a browser's own microphone to hear: without one it beeps. */
export function silentFile(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'avaaz-silence-')), 'silence.wav')
  execFileSync('sox', ['-n', '-r', '48000', '-c', '1', '-b', '16', file, 'trim', '0', '1'])
  return file
}

/** A cough as base64 of a WAV: a short burst with a voice in it, and nothing after. */
export function coughed(): string {
  const folder = mkdtempSync(join(tmpdir(), 'avaaz-cough-'))
  try {
    const voice = join(folder, 'voice.wav')
    const file = join(folder, 'cough.wav')
    speakInto(voice, 'Uh, excuse me.', { before: 0, after: 0 })
    execFileSync('sox', [
      voice,
      file,
      'silence',
      '1',
      '0.01',
      '3%',
      'trim',
      '0',
      '0.2',
      'pad',
      '0',
      '0.1',
    ])
    return readFileSync(file).toString('base64')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

declare global {
  interface Window {
    /** Done when the last sound is out; says when the first one was, on the page's clock. */
    sayIntoMicrophone: (wav: string) => Promise<number>
    heard: { at: number; rms: number }[]
  }
}

/** Runs in the page before its own code: a microphone that says what the test tells it to say. */
export function injectMicrophone(): void {
  let context: AudioContext | null = null
  let mouth: GainNode | null = null
  const open = () => {
    context ??= new AudioContext({ sampleRate: 48_000 })
    mouth ??= context.createGain()
    const microphone = context.createMediaStreamDestination()
    mouth.connect(microphone)
    return microphone.stream
  }
  navigator.mediaDevices.getUserMedia = () => Promise.resolve(open())
  window.sayIntoMicrophone = async (wav) => {
    if (context === null || mouth === null) throw new Error('the microphone is not open')
    const bytes = Uint8Array.from(atob(wav), (letter) => letter.charCodeAt(0))
    const source = context.createBufferSource()
    source.buffer = await context.decodeAudioData(bytes.buffer)
    source.connect(mouth)
    const ended = new Promise((resolve) => (source.onended = resolve))
    source.start()
    const began = performance.now()
    await ended
    return began
  }
}

/** Runs in the page before its own code: measures, every 20 ms, what comes out of its loudspeaker. */
export function injectEar(): void {
  window.heard = []
  let context: AudioContext | null = null
  let analyser: AnalyserNode | null = null
  let stream: MediaProvider | null = null
  const samples = new Float32Array(960)
  setInterval(() => {
    const player = document.querySelector<HTMLAudioElement>('audio[data-voice]')
    const playing = player?.srcObject ?? null
    if (playing !== stream) {
      stream = playing
      analyser?.disconnect()
      analyser = null
      if (playing instanceof MediaStream) {
        context ??= new AudioContext({ sampleRate: 48_000 })
        void context.resume()
        analyser = context.createAnalyser()
        analyser.fftSize = 1024
        context.createMediaStreamSource(playing).connect(analyser)
      }
    }
    if (analyser === null) return
    analyser.getFloatTimeDomainData(samples)
    const energy = samples.reduce((sum, sample) => sum + sample * sample, 0)
    window.heard.push({ at: performance.now(), rms: Math.sqrt(energy / samples.length) })
  }, 20)
}
