import type { CDPSession, Page } from '@playwright/test'

/** Left in the trace by each drawing of the voice. */
const DRAWN = 'voice-drawn'

interface TraceEvent {
  name: string
  ts: number
  dur?: number
  tdur?: number
  tid: number
}

export interface FrameFigures {
  drawn: number
  perSecond: number
  /** What the script of a drawing costs, as time of its own thread: a busy machine is not its fault. */
  scriptMs: { p50: number; p95: number; longest: number }
}

/** Runs in the page before its own code: marks each drawing, and counts how often a voice is measured for it. */
export function watchDrawing(): void {
  window.drawings = 0
  window.readings = 0
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on its canvas below
  const clear = CanvasRenderingContext2D.prototype.clearRect
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    window.drawings += 1
    performance.mark('voice-drawn')
    clear.apply(this, box)
  }
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on its analyser below
  const read = AnalyserNode.prototype.getFloatTimeDomainData
  AnalyserNode.prototype.getFloatTimeDomainData = function (samples) {
    // The test's own ear listens with another one.
    if (this.fftSize === 512) window.readings += 1
    read.call(this, samples)
  }
}

declare global {
  interface Window {
    drawings: number
    readings: number
  }
}

/** Traces the page while `act` goes on, on a device that is so many times slower than this one. */
export async function traceFrames(
  page: Page,
  slower: number,
  act: () => Promise<void>,
): Promise<FrameFigures> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: slower })
  const stop = await startTrace(cdp)
  const began = Date.now()
  await act()
  const seconds = (Date.now() - began) / 1000
  const events = await stop()
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 })
  await cdp.detach()
  return figuresOf(events, seconds)
}

async function startTrace(cdp: CDPSession): Promise<() => Promise<TraceEvent[]>> {
  const events: TraceEvent[] = []
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])))
  await cdp.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['devtools.timeline', 'blink.user_timing'] },
  })
  return async () => {
    const complete = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve))
    await cdp.send('Tracing.end')
    await complete
    return events
  }
}

function figuresOf(events: TraceEvent[], seconds: number): FrameFigures {
  const marks = events.filter(({ name }) => name === DRAWN)
  const costs = events
    .filter(({ name }) => name === 'FireAnimationFrame')
    .filter(({ ts, dur = 0, tid }) =>
      marks.some((mark) => mark.tid === tid && mark.ts >= ts && mark.ts <= ts + dur),
    )
    .map(({ tdur, dur = 0 }) => (tdur ?? dur) / 1000)
    .sort((one, other) => one - other)
  const at = (share: number) => costs[Math.min(costs.length - 1, Math.floor(share * costs.length))]
  return {
    drawn: costs.length,
    perSecond: costs.length / seconds,
    scriptMs: { p50: at(0.5) ?? NaN, p95: at(0.95) ?? NaN, longest: at(1) ?? NaN },
  }
}
