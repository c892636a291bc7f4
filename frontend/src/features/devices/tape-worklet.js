/** Hands what a microphone hears to the page that opened it, piece by piece. */
class Tape extends AudioWorkletProcessor {
  process([input]) {
    const [channel] = input
    if (channel !== undefined) this.port.postMessage(channel.slice())
    return true
  }
}

registerProcessor('tape', Tape)
