/**
 * A clock that a page out of sight keeps: browsers slow down its own timers, to one look a minute where they save the
 * battery, but not those of a worker. It stands still only where the whole page does.
 */
export function everySoOften(ms: number, tick: () => void): () => void {
  const id = ++last
  ticks.set(id, { ms, tick, stop: () => undefined })
  start(id)
  return () => {
    ticks.get(id)?.stop()
    ticks.delete(id)
  }
}

interface Ticking {
  ms: number
  tick: () => void
  stop: () => void
}

/** Written out here, because a page without a network could not load it. */
const SOURCE = `
const timers = new Map()
onmessage = ({ data: { id, ms } }) => {
  clearInterval(timers.get(id))
  if (ms === null) timers.delete(id)
  else timers.set(id, setInterval(() => postMessage(id), ms))
}`

const ticks = new Map<number, Ticking>()
let last = 0
let worker: Worker | null | undefined

function start(id: number): void {
  const ticking = ticks.get(id)
  if (ticking === undefined) return
  worker = worker === undefined ? newWorker() : worker
  if (worker === null) {
    const timer = setInterval(ticking.tick, ticking.ms)
    ticking.stop = () => clearInterval(timer)
  } else {
    const running = worker
    running.postMessage({ id, ms: ticking.ms })
    ticking.stop = () => running.postMessage({ id, ms: null })
  }
}

function newWorker(): Worker | null {
  if (typeof Worker === 'undefined') return null
  const made = new Worker(URL.createObjectURL(new Blob([SOURCE], { type: 'text/javascript' })))
  made.onmessage = ({ data }: MessageEvent<number>) => ticks.get(data)?.tick()
  made.onerror = () => {
    // Where workers are not allowed, the page's own timers must do.
    worker = null
    for (const id of ticks.keys()) start(id)
  }
  return made
}
