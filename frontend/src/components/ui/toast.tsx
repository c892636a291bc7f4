import { Toast as Base } from '@base-ui/react/toast'

export interface ToastNews {
  /** A toast of the same id that is still shown is replaced. */
  id?: string
  title: string
  note?: string
  action?: { label: string; onPress: () => void }
  /** A fault is announced at once; other news wait until the screen reader is free. */
  urgent?: boolean
  /** How long it stays; 0 until it is closed. Pointing at it, or the focus in it, keeps it. */
  staysMs?: number
  /** Told when the learner turns to it or away, for those who count the time themselves. */
  onHeld?: (held: boolean) => void
  /** Told when the learner, or the time, closed it. */
  onClosed?: () => void
}

export interface ToastData {
  action: ToastNews['action']
  onHeld: ToastNews['onHeld']
}

export const toasts = Base.createToastManager<ToastData>()

/** What was said before there was a place to say it. */
let early: ToastNews[] | null = []

/** Says a thing at the foot of the page, whatever page is shown. */
export function showToast(news: ToastNews): void {
  if (early === null) add(news)
  else early.push(news)
}

export function hideToast(id: string): void {
  early = early?.filter((news) => news.id !== id) ?? null
  toasts.close(id)
}

/** Called by the place once it listens. */
export function saysEarlyToasts(): void {
  const waiting = early ?? []
  early = null
  waiting.forEach(add)
}

function add({ id, title, note, action, urgent, staysMs, onHeld, onClosed }: ToastNews): void {
  toasts.add({
    ...(id === undefined ? {} : { id }),
    title,
    description: note,
    priority: urgent === true ? 'high' : 'low',
    ...(staysMs === undefined ? {} : { timeout: staysMs }),
    onClose: onClosed,
    data: { action, onHeld },
  })
}
