import type { Browser, CDPSession, Page } from '@playwright/test'

export interface Held {
  heapMb: number
  nodes: number
  listeners: number
}

/** What a page holds once everything that nobody needs is thrown away. */
export async function heldBy(session: CDPSession): Promise<Held> {
  await session.send('HeapProfiler.collectGarbage')
  await session.send('HeapProfiler.collectGarbage')
  const { metrics } = await session.send('Performance.getMetrics')
  const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? NaN
  return {
    heapMb: of('JSHeapUsedSize') / 2 ** 20,
    nodes: of('Nodes'),
    listeners: of('JSEventListeners'),
  }
}

export async function watch(page: Page): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  await session.send('HeapProfiler.enable')
  return session
}

interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  ts: number
  dur?: number
  tdur?: number
  args: { name?: string }
}

export interface Task {
  /** On the clock of the wall: also what other programs took of the processor meanwhile. */
  wallMs: number
  /** What the page itself took. */
  ownMs: number
  what: string
}

/** The tasks of the page's main thread while `act` ran, the longest first. */
export async function tasksDuring(
  browser: Browser,
  page: Page,
  act: () => Promise<void>,
): Promise<Task[]> {
  await browser.startTracing(page, {
    categories: ['toplevel', 'devtools.timeline', 'v8', 'disabled-by-default-devtools.timeline'],
  })
  await act()
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[]
  }
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid}.${tid}`),
  )
  const onMain = traceEvents.filter(({ pid, tid, ph }) => ph === 'X' && mains.has(`${pid}.${tid}`))
  return onMain
    .filter(({ name }) => name.endsWith('RunTask'))
    .map((task) => ({
      wallMs: (task.dur ?? 0) / 1_000,
      ownMs: (task.tdur ?? task.dur ?? 0) / 1_000,
      what: longestWithin(task, onMain),
    }))
    .sort((a, b) => b.ownMs - a.ownMs)
}

function longestWithin(task: TraceEvent, events: readonly TraceEvent[]): string {
  const end = task.ts + (task.dur ?? 0)
  if ((task.dur ?? 0) < 20_000) return ''
  return events
    .filter(
      (event) =>
        event.pid === task.pid &&
        event.tid === task.tid &&
        event.ts >= task.ts &&
        event.ts < end &&
        !event.name.endsWith('RunTask'),
    )
    .sort((a, b) => (b.dur ?? 0) - (a.dur ?? 0))
    .slice(0, 3)
    .map(({ name, dur }) => `${name} ${Math.round((dur ?? 0) / 1_000)}`)
    .join(', ')
}
